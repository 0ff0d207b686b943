"""One webhook endpoint: what it hears, how it goes, its secret, and a ping."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.errors import Invalid
from app.billing.webhooks import deliveries, handouts, webhook_types
from app.billing.webhooks import endpoints as told
from app.console import guard
from app.console.integration.area import integration
from app.console.integration.endpoints import ENDPOINTS, EndpointForm, back_to, secret_of
from app.models import AppMember, WebhookEndpoint
from app.web import sessions, shown_once

_ENDPOINT = f"{ENDPOINTS}/<uuid:receiver>"


@integration.get(_ENDPOINT)
@guard.of_app()
def endpoint(member: AppMember, receiver: UUID) -> str:
    found = told.find(sessions.db(), member.app, receiver)
    return _page(member, found, EndpointForm(obj=found))


@integration.post(_ENDPOINT)
@guard.of_app(owner=True)
def change_endpoint(member: AppMember, receiver: UUID) -> Response | tuple[str, int]:
    found = told.find(sessions.db(), member.app, receiver)
    form = EndpointForm.posted()
    if not form.validate():
        return _page(member, found, form), 422
    site = sessions.site()
    try:
        told.change(
            sessions.db(),
            site,
            found,
            url=form.url.data,
            types=form.types.data or [],
            by=member,
            now=site.clock.now(),
        )
    except Invalid as error:
        sessions.db().rollback()
        form.blame(error)
        found = told.find(sessions.db(), member.app, receiver)
        return _page(member, found, form), 422
    flash(gettext("The endpoint is saved."))
    return back_to(member, found)


@integration.post(f"{_ENDPOINT}/switch")
@guard.of_app(owner=True)
def switch_endpoint(member: AppMember, receiver: UUID) -> Response:
    found = told.find(sessions.db(), member.app, receiver)
    is_enabled = request.form.get("enabled") == "1"
    site = sessions.site()
    told.change(sessions.db(), site, found, is_enabled=is_enabled, by=member, now=site.clock.now())
    if is_enabled:
        flash(gettext("It is told of what happens from now on, and of what waited for it."))
    else:
        flash(gettext("It is told nothing until you enable it again."))
    return back_to(member, found)


@integration.post(f"{_ENDPOINT}/ping")
@guard.of_app(owner=True)
def ping_endpoint(member: AppMember, receiver: UUID) -> Response:
    found = told.find(sessions.db(), member.app, receiver)
    handouts.ping(sessions.db(), found, now=sessions.site().clock.now())
    flash(gettext("A ping is on its way. Load this page again in a moment to see the answer."))
    return back_to(member, found)


@integration.get(f"{_ENDPOINT}/rotate")
@guard.of_app(owner=True)
def ask_rotate_endpoint(member: AppMember, receiver: UUID) -> str:
    found = told.find(sessions.db(), member.app, receiver)
    return render_template(
        "console/integration/rotate_endpoint.html", member=member, endpoint=found
    )


@integration.post(f"{_ENDPOINT}/rotate")
@guard.of_app(owner=True)
def rotate_endpoint(member: AppMember, receiver: UUID) -> Response:
    found = told.find(sessions.db(), member.app, receiver)
    secret = told.rotate_secret(sessions.db(), sessions.site(), found, by=member)
    shown_once.put(secret_of(found), secret)
    return back_to(member, found)


@integration.get(f"{_ENDPOINT}/remove")
@guard.of_app(owner=True)
def ask_remove_endpoint(member: AppMember, receiver: UUID) -> str:
    found = told.find(sessions.db(), member.app, receiver)
    return render_template(
        "console/integration/remove_endpoint.html", member=member, endpoint=found
    )


@integration.post(f"{_ENDPOINT}/remove")
@guard.of_app(owner=True)
def remove_endpoint(member: AppMember, receiver: UUID) -> Response:
    found = told.find(sessions.db(), member.app, receiver)
    told.remove(sessions.db(), found, by=member, now=sessions.site().clock.now())
    flash(gettext("%(url)s is told nothing any more.", url=found.url))
    return redirect(url_for("integration.endpoints", app=member.app.uuid), 303)


def _page(member: AppMember, found: WebhookEndpoint, form: EndpointForm) -> str:
    return render_template(
        "console/integration/endpoint.html",
        member=member,
        endpoint=found,
        form=form,
        deliveries=deliveries.latest(sessions.db(), found),
        types=webhook_types.TYPES,
        choosable=webhook_types.CHOOSABLE,
        secret=shown_once.take(secret_of(found)),
    )

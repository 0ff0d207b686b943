"""Webhook endpoints: where an app's servers are told of what happens."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField, URLField
from wtforms.validators import DataRequired, Length

from app.billing.errors import Conflict, Invalid
from app.billing.webhooks import endpoints as told
from app.billing.webhooks import webhook_types
from app.console import guard
from app.console.integration.area import PATH, integration
from app.models import AppMember, WebhookEndpoint
from app.web import errors, forms, sessions, shown_once

ENDPOINTS = f"{PATH}/webhooks"


class EndpointForm(forms.Form):
    """Where, and of what; no type means all."""

    url = URLField(
        lazy_gettext("Address"),
        [DataRequired(lazy_gettext("Enter the address of your receiver.")), Length(max=2000)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "console-webhook-url", "autocomplete": "off"},
    )
    types = SelectMultipleField(
        lazy_gettext("Events"),
        # WTForms takes plain texts, which its stubs do not know.
        choices=list(webhook_types.CHOOSABLE),  # type: ignore[arg-type]
    )


@integration.get(ENDPOINTS)
@guard.of_app()
def endpoints(member: AppMember) -> str:
    return _page(member, EndpointForm())


@integration.post(ENDPOINTS)
@guard.of_app(owner=True)
def add_endpoint(member: AppMember) -> Response | tuple[str, int]:
    form = EndpointForm.posted()
    if not form.validate():
        return _page(member, form), 422
    try:
        endpoint, secret = told.register(
            sessions.db(),
            sessions.site(),
            member.app,
            url=form.url.data,
            types=form.types.data or (),
            by=member,
        )
    except (Invalid, Conflict) as error:
        sessions.db().rollback()
        form.blame(error)
        return _page(member, form), errors.status_of(error)
    shown_once.put(secret_of(endpoint), secret)
    return back_to(member, endpoint)


def secret_of(endpoint: WebhookEndpoint) -> str:
    """Answer under which name an endpoint's secret waits for its page."""
    return f"webhook:{endpoint.uuid}"


def back_to(member: AppMember, endpoint: WebhookEndpoint) -> Response:
    """Lead to the page of an endpoint."""
    app = member.app.uuid
    return redirect(url_for("integration.endpoint", app=app, receiver=endpoint.uuid), 303)


def _page(member: AppMember, form: EndpointForm) -> str:
    return render_template(
        "console/integration/endpoints.html",
        member=member,
        form=form,
        endpoints=told.listed(sessions.db(), member.app),
        types=webhook_types.TYPES,
        choosable=webhook_types.CHOOSABLE,
    )

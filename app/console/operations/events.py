"""What providers told us: each call with its payload, what came of it, and looking again."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.operations import traffic
from app.console import guard
from app.console.operations import calls
from app.console.operations.area import operations
from app.models import AppMember, ProviderEvent
from app.web import sessions

_PATH = "/console/apps/<uuid:app>/operations/events"


@operations.get(_PATH)
@guard.of_app()
def events(member: AppMember) -> str:
    return calls.page(
        "console/operations/events.html", member, traffic.received, traffic.EVENT_STATES
    )


@operations.get(f"{_PATH}/<uuid:event>")
@guard.of_app()
def event(member: AppMember, event: UUID) -> str:
    told = traffic.event(sessions.db(), member.app, event)
    return render_template(
        "console/operations/event.html",
        member=member,
        event=told,
        payload=traffic.readable(told.payload),
        about=traffic.about(sessions.db(), told),
    )


@operations.post(f"{_PATH}/<uuid:event>/replay")
@guard.of_app()
def replay(member: AppMember, event: UUID) -> Response:
    told = traffic.replay(sessions.db(), sessions.site(), member.app, event)
    flash(_said(told))
    return redirect(url_for(".event", app=member.app.uuid, event=event), 303)


def _said(told: ProviderEvent) -> str:
    if told.state == "done":
        return str(gettext("The provider was asked again about what this event is about."))
    if told.state == "failed":
        return str(gettext("The provider refused again. What it said stands below."))
    return str(gettext("The provider does not answer at the moment. It is asked again by itself."))

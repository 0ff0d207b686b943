"""What the app's endpoints were told: payload and attempts of each delivery, and resending."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.operations import traffic
from app.console import guard
from app.console.operations import calls
from app.console.operations.area import operations
from app.models import AppMember
from app.web import sessions

_PATH = "/console/apps/<uuid:app>/operations/deliveries"


@operations.get(_PATH)
@guard.of_app()
def deliveries(member: AppMember) -> str:
    return calls.page(
        "console/operations/deliveries.html", member, traffic.sent, traffic.DELIVERY_STATES
    )


@operations.get(f"{_PATH}/<uuid:delivery>")
@guard.of_app()
def delivery(member: AppMember, delivery: UUID) -> str:
    found = traffic.delivery(sessions.db(), member.app, delivery)
    return render_template(
        "console/operations/delivery.html",
        member=member,
        delivery=found,
        payload=traffic.told(found),
    )


@operations.post(f"{_PATH}/<uuid:delivery>/resend")
@guard.of_app()
def resend(member: AppMember, delivery: UUID) -> Response:
    traffic.resend(sessions.db(), sessions.site(), member.app, delivery)
    flash(gettext("It is sent again now. Look here in a moment for what the endpoint answers."))
    return redirect(url_for(".delivery", app=member.app.uuid, delivery=delivery), 303)

"""Ending the plan, and letting one that was to end go on."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.billing import cancelations as billing
from app.billing import plan_summaries
from app.models import Membership
from app.portal.cancel_form import REASONS, CancelForm
from app.web import guards, sessions

cancelations = Blueprint("cancelations", __name__)


@cancelations.get("/t/<uuid:tenant>/subscription/cancel")
@guards.of_tenant("cancel")
def show(membership: Membership) -> str:
    return _page(membership, CancelForm())


@cancelations.post("/t/<uuid:tenant>/subscription/cancel")
@guards.of_tenant("cancel")
def cancel(membership: Membership) -> Response:
    form = CancelForm.posted()
    if not form.validate():
        return make_response(_page(membership, form), 422)
    billing.cancel(sessions.db(), sessions.site(), membership=membership, reason=form.reason)
    return redirect(url_for("cancelations.show", tenant=membership.tenant.uuid), 303)


@cancelations.post("/t/<uuid:tenant>/subscription/resume")
@guards.of_tenant("subscription")
def resume(membership: Membership) -> Response:
    billing.resume(sessions.db(), sessions.site(), membership=membership)
    return redirect(url_for("subscription.show", tenant=membership.tenant.uuid), 303)


def _page(membership: Membership, form: CancelForm) -> str:
    summary = plan_summaries.show(sessions.db(), sessions.site(), membership.tenant)
    return render_template(
        "portal/subscription/cancel.html",
        membership=membership,
        summary=summary,
        form=form,
        reasons=REASONS,
    )

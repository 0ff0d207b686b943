"""Ending the plan, and letting one that was to end go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.billing.errors import ProviderUnavailable
from app.billing.plans import cancelations as billing
from app.billing.plans import plan_summaries
from app.models import Membership
from app.portal.cancel_form import REASONS, CancelForm
from app.web import guards, headers, sessions

cancelations = Blueprint("cancelations", __name__)


@cancelations.get("/t/<uuid:tenant>/subscription/cancel")
@guards.of_tenant("cancel")
def show(membership: Membership) -> Response:
    return _page(membership, CancelForm())


@cancelations.post("/t/<uuid:tenant>/subscription/cancel")
@guards.of_tenant("cancel")
def cancel(membership: Membership) -> Response:
    form = CancelForm.posted()
    if not form.validate():
        return _page(membership, form, status=422)
    with _kept_where_asked(membership):
        billing.cancel(sessions.db(), sessions.site(), membership=membership, reason=form.reason)
    return redirect(url_for("cancelations.show", tenant=membership.tenant.uuid), 303)


@cancelations.post("/t/<uuid:tenant>/subscription/resume")
@guards.of_tenant("subscription")
def resume(membership: Membership) -> Response:
    with _kept_where_asked(membership):
        billing.resume(sessions.db(), sessions.site(), membership=membership)
    return redirect(url_for("subscription.show", tenant=membership.tenant.uuid), 303)


@contextmanager
def _kept_where_asked(membership: Membership) -> Iterator[None]:
    """Go on where the provider does not answer but what was asked is stored: the page says so."""
    try:
        yield
    except ProviderUnavailable:
        sessions.db().rollback()
        summary = plan_summaries.show(sessions.db(), sessions.site(), membership.tenant)
        if summary is None or summary.waiting is None:
            raise


def _page(membership: Membership, form: CancelForm, *, status: int = 200) -> Response:
    summary = plan_summaries.show(sessions.db(), sessions.site(), membership.tenant)
    shown = render_template(
        "portal/subscription/cancel.html",
        membership=membership,
        summary=summary,
        form=form,
        reasons=REASONS,
    )
    page = make_response(shown, status)
    if summary is not None and summary.is_waiting:
        headers.refresh(page)
    return page

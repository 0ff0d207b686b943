"""Ending a plan in its owner's name: when and why, on a page that says what follows."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField
from wtforms.validators import AnyOf, Length

from app.billing.operations import cases, owner_cancelations
from app.billing.plans.cancelations import LONGEST_TEXT
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember
from app.web import filters, forms, sessions

_PATH = "/console/apps/<uuid:app>/operations/subscriptions/<uuid:subscription>/cancel"


class CancelForm(forms.Form):
    """When the plan ends, and why if the owner wants to say."""

    when = StringField(
        lazy_gettext("When does it end?"),
        [AnyOf(["now", "period_end"], message=lazy_gettext("Choose when the plan ends."))],
    )
    reason = TextAreaField(
        lazy_gettext("Why"),
        [Length(max=LONGEST_TEXT, message=lazy_gettext("Use at most %(max)d characters."))],
        filters=[lambda text: (text or "").strip() or None],
    )
    first_ids = {"when": "when-period_end"}


@operations.get(_PATH)
@guard.of_app(owner=True)
def cancel(member: AppMember, subscription: UUID) -> Response:
    return _page(member, subscription, CancelForm())


@operations.post(_PATH)
@guard.of_app(owner=True)
def end(member: AppMember, subscription: UUID) -> Response:
    form = CancelForm.posted()
    if not form.validate():
        return _page(member, subscription, form, status=422)
    ended = owner_cancelations.cancel(
        sessions.db(),
        sessions.site(),
        member,
        subscription,
        when=form.when.data,
        reason=form.reason.data,
    )
    if ended.ended_at is not None:
        flash(gettext("The plan has ended. Nothing more is charged for it."))
    elif ended.period_end is not None:
        until = filters.long_date(ended.period_end)
        flash(gettext("The plan runs until %(date)s and ends then.", date=until))
    page = url_for("operations.subscription", app=member.app.uuid, subscription=subscription)
    return redirect(page, 303)


def _page(
    member: AppMember, subscription: UUID, form: CancelForm, *, status: int = 200
) -> Response:
    now = sessions.site().clock.now()
    case = cases.subscription(sessions.db(), member.app, subscription, now=now)
    shown = render_template("console/operations/cancel.html", member=member, case=case, form=form)
    return make_response(shown, status)

"""The review queue: payments Portico could not judge, and what an owner decides of each."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, Length

from app.billing.errors import Conflict, Invalid
from app.billing.operations import cases, reviews
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember, CheckoutSession
from app.money import Money
from app.web import errors, forms, sessions

_PATH = "/console/apps/<uuid:app>/operations/reviews"


class DecisionForm(forms.Form):
    """What is decided, and why."""

    act = StringField(
        validators=[
            AnyOf(["accept", "give_back"], message=lazy_gettext("Press one of the buttons."))
        ]
    )
    reason = TextAreaField(
        lazy_gettext("Why"),
        [
            DataRequired(lazy_gettext("Write why, for those who look at this later.")),
            Length(
                max=reviews.LONGEST_REASON, message=lazy_gettext("Use at most %(max)d characters.")
            ),
        ],
    )


@operations.get(_PATH)
@guard.of_app()
def queue(member: AppMember) -> str:
    before = request.args.get("before", type=UUID)
    found = reviews.waiting(sessions.db(), member.app, before=before, limit=reviews.PAGE + 1)
    shown = found[: reviews.PAGE]
    return render_template(
        "console/operations/reviews.html",
        member=member,
        waiting=[(checkout, _paid(checkout)) for checkout in shown],
        older=shown[-1].uuid if len(found) > reviews.PAGE else None,
    )


@operations.get(f"{_PATH}/<uuid:checkout>")
@guard.of_app()
def review(member: AppMember, checkout: UUID) -> Response:
    return _page(member, checkout, DecisionForm())


@operations.post(f"{_PATH}/<uuid:checkout>")
@guard.of_app(owner=True)
def decide(member: AppMember, checkout: UUID) -> Response:
    form = DecisionForm.posted()
    if not form.validate():
        return _page(member, checkout, form, status=422)
    verb = reviews.accept if form.act.data == "accept" else reviews.give_back
    try:
        decided = verb(sessions.db(), sessions.site(), member, checkout, reason=form.reason.data)
    except (Conflict, Invalid) as error:
        form.blame(error)
        return errors.mark(_page(member, checkout, form), error)
    flash(_said(decided))
    return redirect(url_for("operations.checkout", app=member.app.uuid, checkout=checkout), 303)


def _said(checkout: CheckoutSession) -> str:
    if checkout.state == "complete":
        return str(gettext("Accepted: the customer has what they paid for."))
    if checkout.state == "refunded":
        return str(gettext("The money goes back, and nothing runs that was begun for it."))
    return str(
        gettext(
            "Decided. The payment provider has not done all of it yet; the rest follows by itself."
        )
    )


def _page(member: AppMember, checkout: UUID, form: DecisionForm, *, status: int = 200) -> Response:
    now = sessions.site().clock.now()
    case = cases.checkout(sessions.db(), member.app, checkout, now=now)
    assert case.checkout is not None
    shown = render_template(
        "console/operations/review.html",
        member=member,
        case=case,
        form=form,
        paid=_paid(case.checkout),
    )
    return make_response(shown, status)


def _paid(checkout: CheckoutSession) -> Money:
    """Answer what the provider has taken for a checkout."""
    kept = sum(payment.amount for payment in checkout.payments if payment.is_paid)
    return Money(kept, checkout.currency)

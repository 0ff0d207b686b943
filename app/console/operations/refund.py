"""Giving money back: how much and why, then a page that says what follows, with one button."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from uuid import UUID, uuid4

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from app.billing.errors import Invalid
from app.billing.operations import cases, owner_refunds
from app.billing.plans.cancelations import LONGEST_TEXT
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember
from app.money import Money
from app.web import errors, filters, forms, sessions

_PATH = "/console/apps/<uuid:app>/operations/payments/<uuid:payment>/refund"
_SAID = {
    "done": lazy_gettext("%(amount)s goes back. Banks take some days to show it."),
    "waiting": lazy_gettext(
        "The payment provider does not answer at the moment. %(amount)s is given back once, as soon"
        " as it answers. You need not ask again."
    ),
    "failed": lazy_gettext(
        "The payment provider refused to give %(amount)s back. What it said stands below."
    ),
}


class RefundForm(forms.Form):
    """An amount in major units and why; `request_uuid` makes the form one refund."""

    amount = StringField(
        lazy_gettext("Amount"),
        [DataRequired(lazy_gettext("Enter an amount."))],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    reason = TextAreaField(
        lazy_gettext("Why"),
        [
            DataRequired(lazy_gettext("Write why, for those who look at this later.")),
            Length(max=LONGEST_TEXT, message=lazy_gettext("Use at most %(max)d characters.")),
        ],
    )
    request_uuid = HiddenField()

    def money(self, currency: str) -> Money:
        """Answer the amount; raises Invalid naming the field."""
        typed = (self.amount.data or "").replace(" ", "").replace(",", ".")
        try:
            return Money.from_decimal(Decimal(typed), currency)
        except (InvalidOperation, ValueError, OverflowError):
            raise Invalid(
                "Enter an amount in %(currency)s, such as %(example)s.",
                field="amount",
                currency=currency,
                example=str(Money(1250, currency).decimal),
            ) from None

    @property
    def request(self) -> UUID:
        """Answer the uuid this form was given."""
        try:
            return UUID(self.request_uuid.data or "")
        except ValueError:
            raise Invalid("Open this page again.", field="request_uuid") from None


@operations.get(_PATH)
@guard.of_app(owner=True)
def refund(member: AppMember, payment: UUID) -> Response:
    left = owner_refunds.refundable(
        sessions.db(), owner_refunds.find(sessions.db(), member, payment)
    )
    form = RefundForm(amount=str(left.decimal), request_uuid=str(uuid4()))
    return _page(member, payment, form)


@operations.post(_PATH)
@guard.of_app(owner=True)
def give(member: AppMember, payment: UUID) -> Response:
    form = RefundForm.posted()
    currency = owner_refunds.find(sessions.db(), member, payment).currency
    if not form.validate():
        return _page(member, payment, form, status=422)
    try:
        amount = form.money(currency)
        if request.form.get("act") != "confirm":
            return _preview(member, payment, form, amount)
        state = owner_refunds.give(
            sessions.db(),
            sessions.site(),
            member,
            payment,
            amount=amount,
            reason=form.reason.data,
            request_uuid=form.request,
        )
    except Invalid as error:
        form.blame(error)
        return errors.mark(_page(member, payment, form), error)
    flash(_SAID[state] % {"amount": filters.money(amount)})
    return redirect(url_for("operations.payment", app=member.app.uuid, payment=payment), 303)


def _preview(member: AppMember, payment: UUID, form: RefundForm, amount: Money) -> Response:
    found = owner_refunds.find(sessions.db(), member, payment)
    owner_refunds.require_refundable(sessions.db(), found, amount)
    return _page(member, payment, form, amount=amount)


def _page(
    member: AppMember,
    payment: UUID,
    form: RefundForm,
    *,
    amount: Money | None = None,
    status: int = 200,
) -> Response:
    case = cases.payment(sessions.db(), member.app, payment)
    assert case.payment is not None
    shown = render_template(
        "console/operations/refund.html",
        member=member,
        case=case,
        form=form,
        amount=amount,
        left=owner_refunds.refundable(sessions.db(), case.payment),
        title=gettext("Give money back"),
    )
    return make_response(shown, status)

"""What mails say about money: received, refused, to be confirmed, given back."""

from __future__ import annotations

from app.billing.mail.mail_kinds import ActionNeeded, ChargedBack, PaymentFailed, Receipt, Refunded
from app.billing.text import Text
from app.mails import content
from app.mails.content import Button, Content
from app.mails.places import Places

_REASONS = {
    "insufficient_funds": Text("The account did not have enough money."),
    "expired_card": Text("The card has expired."),
    "incorrect_data": Text("The card’s details were not accepted."),
    "authentication": Text("The bank could not confirm that the payment was yours."),
    "fraud": Text("The bank stopped the payment. It can tell you why."),
}
_NO_REASON = Text("The bank gave no reason.")


def receipt(told: Receipt, places: Places) -> Content:
    """We have your payment."""
    values = {"amount": told.amount, "plan": told.plan}
    return Content(
        subject=Text("Your receipt for %(plan)s: %(amount)s", values),
        heading=Text("We received %(amount)s", values),
        paragraphs=(Text("Thank you. Your payment for %(plan)s has arrived.", values), _next(told)),
        facts=content.only(
            (Text("For"), told.plan),
            (Text("Quantity"), told.quantity if told.quantity > 1 else None),
            (Text("Period"), _period(told)),
            (Text("Amount"), told.amount),
            (Text("Paid with"), content.method(told.method, told.brand, told.last4)),
            (Text("Invoice"), told.invoice_number),
        ),
        button=_invoice(told, places),
    )


def payment_failed(told: PaymentFailed, places: Places) -> Content:
    """A charge was declined."""
    values = {"amount": told.amount, "plan": told.plan, "at": told.next_retry_at}
    again = Text(
        "We try again on %(at)s. You can also pay sooner, or with another payment method.", values
    )
    last = Text("We do not try again by ourselves: please add a payment method that works.")
    return Content(
        subject=Text("Your payment for %(plan)s did not go through", values),
        heading=Text("%(amount)s could not be charged", values),
        paragraphs=content.some(
            Text("We tried to charge %(amount)s for %(plan)s, and it was declined.", values),
            _REASONS.get(told.decline or "", _NO_REASON),
            again if told.next_retry_at else last,
            _until(told),
        ),
        facts=content.only(
            (Text("Plan"), told.plan),
            (Text("Amount due"), told.amount),
            (Text("Tried with"), content.method(told.method, told.brand, told.last4)),
            (Text("Next try"), told.next_retry_at),
            (Text("To be paid by"), told.pay_by),
        ),
        button=Button(Text("Update the payment method"), places.methods),
        after=(Text("Nothing was taken for this try. If you have paid since, ignore this mail."),),
    )


def action_needed(told: ActionNeeded, places: Places) -> Content:
    """The bank asks for the payer's confirmation."""
    values = {"amount": told.amount, "plan": told.plan}
    return Content(
        subject=Text("Please confirm your payment for %(plan)s", values),
        heading=Text("Your bank wants you to confirm %(amount)s", values),
        paragraphs=content.some(
            Text("The charge of %(amount)s for %(plan)s waits for your confirmation.", values),
            Text("It takes a minute: open the page below and follow your bank’s steps."),
            _until(told),
        ),
        facts=content.only(
            (Text("Plan"), told.plan),
            (Text("Amount due"), told.amount),
            (Text("To be confirmed by"), told.pay_by),
        ),
        button=Button(Text("Confirm the payment"), told.action_url or places.subscription),
        after=(Text("Nothing is charged before you confirm."),),
    )


def refunded(told: Refunded, places: Places) -> Content:
    """Money is on its way back."""
    values = {"amount": told.amount, "plan": told.plan}
    return Content(
        subject=Text("Your refund of %(amount)s", values),
        heading=Text("%(amount)s goes back to you", values),
        paragraphs=(
            Text("We refunded %(amount)s of what you paid for %(plan)s.", values),
            Text(
                "It goes back the way it came. Banks usually show it within five to ten working"
                " days. There is nothing for you to do."
            ),
        ),
        facts=content.only(
            (Text("For"), told.plan),
            (Text("Amount"), told.amount),
            (Text("Back to"), content.method(told.method, told.brand, told.last4)),
            (Text("Credit note"), told.invoice_number),
        ),
        button=_invoice(told, places),
    )


def charged_back(told: ChargedBack, places: Places) -> Content:
    """The payer's bank took money back."""
    values = {"amount": told.amount, "plan": told.plan}
    ended = Text("%(plan)s has ended, since it is not paid any more.", values)
    goes_on = Text("%(plan)s goes on for now.", values)
    return Content(
        subject=Text("Your bank took back %(amount)s", values),
        heading=Text("Your bank took back %(amount)s", values),
        paragraphs=(
            Text("A payment for %(plan)s was reversed at your bank’s request.", values),
            ended if told.is_over else goes_on,
            Text(
                "If you did not ask for this, call your bank and write to us. If you did, there is"
                " nothing more to do."
            ),
        ),
        facts=((Text("Plan"), told.plan), (Text("Amount"), told.amount)),
        button=_way_on(told, places),
    )


def _next(told: Receipt) -> Text:
    if told.next_charge_at is None:
        return Text("Nothing more is charged for it. There is nothing for you to do.")
    if told.next_charge is None:
        values = {"at": told.next_charge_at}
        return Text("The next charge is on %(at)s. There is nothing for you to do.", values)
    return Text(
        "The next charge, %(amount)s, is on %(at)s. There is nothing for you to do.",
        {"amount": told.next_charge, "at": told.next_charge_at},
    )


def _period(told: Receipt) -> Text | None:
    if told.period_start is None or told.period_end is None:
        return None
    return Text("%(start)s to %(end)s", {"start": told.period_start, "end": told.period_end})


def _until(told: PaymentFailed | ActionNeeded) -> Text | None:
    if told.pay_by is None:
        return None
    return Text(
        "Your plan stays as it is until %(at)s. Without a payment by then it ends.",
        {"at": told.pay_by},
    )


def _invoice(told: Receipt | Refunded, places: Places) -> Button:
    if told.invoice_uuid is None:
        return Button(Text("See your invoices"), places.invoices)
    label = Text("See the invoice") if isinstance(told, Receipt) else Text("See the credit note")
    return Button(label, f"{places.invoices}/{told.invoice_uuid}")


def _way_on(told: ChargedBack, places: Places) -> Button:
    if told.is_over:
        return Button(Text("Choose a plan"), places.plans)
    return Button(Text("See your plan"), places.subscription)

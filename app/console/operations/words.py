"""The words of operations: states, acts and doubts, and what to do about each."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from flask import Flask
from flask_babel import gettext, lazy_gettext

from app import figures
from app.billing.operations import cases
from app.billing.purchase import receipts
from app.models import Act
from app.money import Money
from app.web import filters, invoice_words, languages

_CHECKOUTS = {
    "starting": (lazy_gettext("Being opened"), "plain"),
    "open": (lazy_gettext("Open"), "plain"),
    "processing": (lazy_gettext("On its way"), "warn"),
    "complete": (lazy_gettext("Complete"), "good"),
    "not_charged": (lazy_gettext("Not charged"), "plain"),
    "expired": (lazy_gettext("Expired"), "plain"),
    "canceled": (lazy_gettext("Canceled"), "plain"),
    "needs_review": (lazy_gettext("Needs review"), "bad"),
    "refunded": (lazy_gettext("Given back"), "plain"),
}
_PAYER_READS = {
    "confirming": lazy_gettext("We are confirming your payment"),
    "action_needed": lazy_gettext("Your bank asks you to confirm"),
    "active": lazy_gettext("Active"),
    "processing": lazy_gettext("We are waiting for your bank"),
    "not_charged": lazy_gettext("Nothing was charged"),
    "expired": lazy_gettext("This checkout has expired"),
    "needs_review": lazy_gettext("A person looks at this payment"),
}
_MODES = {
    "payment": lazy_gettext("One-time payment"),
    "subscription": lazy_gettext("Plan"),
    "setup": lazy_gettext("Saving a payment method"),
}
_DOUBTS = {
    "duplicate": lazy_gettext(
        "Paid for already when this payment came in. Portico gives it back by itself; close it with"
        " “Give back” once you have read it."
    ),
    "amount": lazy_gettext(
        "The provider took another amount than the customer accepted. Accept it if both agree on"
        " what was paid, or give it back."
    ),
    "late": lazy_gettext(
        "The money came after this order had ended. Accept it if the customer still wants it, or"
        " give it back."
    ),
    "mandate": lazy_gettext(
        "The first payment came in, but the bank has not allowed the next ones. Accept it once the"
        " bank has, or give it back."
    ),
    "trial": lazy_gettext(
        "The company had used its free trial before. Portico ends this one by itself; close it with"
        " “Give back”."
    ),
}
_ACTS = {
    "begin_subscription": lazy_gettext("Begin the plan at the provider"),
    "change_subscription": lazy_gettext("Change the plan at the provider"),
    "cancel_subscription": lazy_gettext("End the plan at the provider"),
    "resume_subscription": lazy_gettext("Let the plan go on at the provider"),
    "charge": lazy_gettext("Charge what is overdue"),
    "collect": lazy_gettext("Charge the open invoice"),
    "set_default_method": lazy_gettext("Charge another payment method from now on"),
    "forget_payment_method": lazy_gettext("Forget a payment method"),
    "refund": lazy_gettext("Give money back"),
    "expire_checkout": lazy_gettext("Close a payment page"),
    "delete_customer": lazy_gettext("Delete the customer at the provider"),
}
_ACT_STATES = {
    "waiting": (lazy_gettext("Waiting"), "warn"),
    "done": (lazy_gettext("Done"), "good"),
    "failed": (lazy_gettext("Failed"), "bad"),
}
_TO_DO = {
    "refund": lazy_gettext(
        "The money was not given back. Look at the provider whether the account holds enough and"
        " the payment can still be given back, then press “Give money back” on the payment again."
    ),
    "begin_subscription": lazy_gettext(
        "The plan is paid for its first period and will not renew by itself. Ask the customer to"
        " add a payment method, or end the plan."
    ),
    "cancel_subscription": lazy_gettext(
        "The plan may still be charged at the provider. End it there by hand, then look again."
    ),
    "change_subscription": lazy_gettext("The plan is as it was. The customer can change it again."),
    "resume_subscription": lazy_gettext(
        "The plan still ends with its period. The customer can begin it again afterwards."
    ),
    "charge": lazy_gettext("Nothing was charged. The next try stands under “What will happen”."),
    "collect": lazy_gettext("Nothing was charged. The provider goes on trying by itself."),
    "set_default_method": lazy_gettext(
        "The method before is still charged. The customer can choose another one again."
    ),
    "forget_payment_method": lazy_gettext(
        "The provider still keeps the method. Remove it there by hand if it has to go."
    ),
    "expire_checkout": lazy_gettext("The page ends by itself. Nothing needs to be done."),
    "delete_customer": lazy_gettext(
        "The provider still knows the customer. Delete it there by hand."
    ),
}
_REFUNDS = {
    "pending": (lazy_gettext("On its way"), "warn"),
    "refunded": (lazy_gettext("Given back"), "good"),
    "failed": (lazy_gettext("Failed"), "bad"),
}
_EVENTS = {
    "received": (lazy_gettext("Waiting"), "warn"),
    "processing": (lazy_gettext("Being looked at"), "warn"),
    "done": (lazy_gettext("Done"), "good"),
    "failed": (lazy_gettext("Failed"), "bad"),
}
_DELIVERIES = {
    "waiting": (lazy_gettext("Waiting"), "warn"),
    "delivered": (lazy_gettext("Delivered"), "good"),
    "failed": (lazy_gettext("Failed"), "bad"),
}
_TAX_RULES = {
    "domestic": lazy_gettext("Domestic"),
    "destination": lazy_gettext("Tax of the buyer's country"),
    "reverse_charge": lazy_gettext("Reverse charge"),
    "export": lazy_gettext("Export, no tax"),
    "exempt": lazy_gettext("Exempt"),
    "instructed": lazy_gettext("As the caller said"),
}


def install(flask_app: Flask) -> None:
    """Make the words known to templates."""
    for word in (
        checkout_state,
        payer_reads,
        checkout_mode,
        doubt,
        invoice_state,
        act_name,
        act_state,
        act_amount,
        act_advice,
        refund_state,
        event_state,
        delivery_state,
        tax_rule,
        decline,
        moment,
        minor,
    ):
        flask_app.add_template_filter(word)


def checkout_state(state: str) -> tuple[str, str]:
    """Answer words and look of a checkout's state."""
    return _checkout_state(state, languages.tag())


def payer_reads(status: str) -> str:
    """Answer the heading the payer's own page shows."""
    return str(_PAYER_READS[status])


def checkout_mode(mode: str) -> str:
    """One-time payment"""
    return str(_MODES[mode])


def doubt(reason: str | None) -> str:
    """Answer why a payment waits for a person, and what they can do."""
    known = _DOUBTS.get(reason or "")
    return str(known or gettext("Compare what was ordered and what was paid, then decide."))


def invoice_state(listed_as: str) -> tuple[str, str]:
    """Answer words and look of what an invoice is listed as."""
    if listed_as == "credit_note":
        return str(gettext("Credit note")), "plain"
    return invoice_words.standing(listed_as)


def act_name(kind: str) -> str:
    """Give money back"""
    return str(_ACTS[kind])


def act_state(state: str) -> tuple[str, str]:
    """Answer words and look of an act's state."""
    return _pair(_ACT_STATES[state])


def act_amount(act: Act) -> str:
    """€12.50, of an act that moves money; else empty."""
    amount = cases.amount_of(act)
    return filters.money(amount) if amount else ""


def act_advice(act: Act) -> str:
    """Answer what to do about an act that failed."""
    return str(_TO_DO[act.kind]) if act.state == "failed" else ""


def refund_state(status: str) -> tuple[str, str]:
    """Answer words and look of a refund's state."""
    return _pair(_REFUNDS[status])


def event_state(state: str) -> tuple[str, str]:
    """Answer words and look of a provider event's state."""
    return _pair(_EVENTS[state])


def delivery_state(state: str) -> tuple[str, str]:
    """Answer words and look of a delivery's state."""
    return _pair(_DELIVERIES[state])


def tax_rule(rule: str | None) -> str:
    """Reverse charge"""
    return str(_TAX_RULES.get(rule or "", "–"))


def decline(reason: str) -> str:
    """The card has expired. Try another card."""
    return filters.words(receipts.decline_words(reason))


def moment(at: datetime) -> str:
    """20 Nov 2026, 14:02"""
    language = languages.tag()
    return f"{figures.short_date(at, language)}, {figures.clock_time(at, language)}"


def minor(amount: int, currency: str) -> str:
    """€12.50, of an amount in minor units"""
    return filters.money(Money(amount, currency))


@cache
def _checkout_state(state: str, _language: str) -> tuple[str, str]:
    # A list says each word many times; looked up once for each language.
    return _pair(_CHECKOUTS[state])


def _pair(known: tuple[object, str]) -> tuple[str, str]:
    word, look = known
    return str(word), look

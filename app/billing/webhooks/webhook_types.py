"""The closed list of what apps are told; `docs/webhooks.md` says the same."""

from __future__ import annotations

PING = "ping"

# By type: when it is told.
TYPES: dict[str, str] = {
    "checkout.processing": "The payer has paid, and the bank has not confirmed yet.",
    "checkout.completed": "Paid, or saved where it was a set-up.",
    "checkout.not_charged": "The payment failed in the end.",
    "checkout.expired": "Nobody paid in time.",
    "checkout.canceled": "It was ended before anybody paid.",
    "checkout.needs_review": "Money moved in a way a person has to look at.",
    "checkout.refunded": "All of its money went back.",
    "subscription.processing": "A plan begins while its first payment is on its way.",
    "subscription.incomplete": "A plan waits for its first payment, without access.",
    "subscription.trialing": "A plan begins with a trial.",
    "subscription.activated": "A plan runs and is paid: at first, or again after another status.",
    "subscription.changed": "Another price or quantity is in effect.",
    "subscription.past_due": "A charge failed; the provider or we try again until `pay_by`.",
    "subscription.unpaid": "The provider gave up charging, and the plan was not ended.",
    "subscription.paused": "The provider does not charge for the time being.",
    "subscription.canceling": "The plan ends at `period_end`.",
    "subscription.canceled": "The plan has ended; `end_reason` says why.",
    "invoice.paid": "An invoice is paid.",
    "invoice.failed": "The charge for an invoice failed.",
    "payment.refunded": "Some or all of a payment went back.",
    "payment.charged_back": "The payer's bank took a payment back.",
    "payment_method.added": "A payment method is on file.",
    "payment_method.removed": "A payment method is no longer on file.",
    "payment_method.default_changed": "Another payment method is charged from now on.",
    PING: "You asked for it; it goes to that endpoint alone.",
}

# Steps inside the portal that nobody outside can act upon: whoever made the checkout knows of it.
NOT_TOLD = frozenset({"checkout.starting", "checkout.open"})

# What an endpoint may choose; a ping is sent to whoever asks.
CHOOSABLE = tuple(type_ for type_ in TYPES if type_ != PING)

"""Doubts: why a person must look before anything is given for a payment."""

from __future__ import annotations

from app.billing.plans import subscriptions, trials
from app.billing.truth import rivals
from app.billing.truth.findings import Finding
from app.db import lock
from app.models import CheckoutSession, Tenant
from app.providers.base import CheckoutState


def why(finding: Finding) -> str | None:
    """Answer why a person must look before anything is given for the money, or None."""
    checkout = finding.checkout
    if checkout.is_over or _is_late(checkout):
        return "late"
    if checkout.mode == "setup":
        return None
    if not is_accepted(checkout, finding.state):
        return "amount"
    if checkout.mode == "subscription" and checkout.tenant_id is not None:
        # Two payments of one tenant may end at the same moment: one is judged after the other.
        lock.hold(finding.db, Tenant, checkout.tenant_id)
        if subscriptions.running_beside(finding.db, checkout):
            return "duplicate"
        if trials.is_second(finding.db, checkout):
            return "trial"
    if checkout.mode == "payment" and rivals.was_paid_too(finding):
        return "duplicate"
    return None


def is_accepted(checkout: CheckoutSession, state: CheckoutState) -> bool:
    """The provider's total is what the payer accepted, and so is what it will charge after a
    trial."""
    later = state.subscription.total if checkout.trial_days and state.subscription else None
    return state.total in (None, checkout.due_today) and later in (None, checkout.renewal)


def _is_late(checkout: CheckoutSession) -> bool:
    """It was paid after the second its caller chose, on a page the provider had not closed yet; the
    caller has been told that it expired. What a bank settles later was not paid later."""
    if checkout.state != "open" or checkout.deadline is None or checkout.paid_at is None:
        return False
    return checkout.paid_at > checkout.deadline

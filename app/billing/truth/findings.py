"""Findings: what one look at a checkout brought, and the rows it was written to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.methods import payment_methods
from app.billing.plans import subscriptions
from app.billing.plans.refunds import Parts
from app.billing.site import Site
from app.billing.truth import payments
from app.billing.truth.payments import Recorded
from app.models import CheckoutSession, Payment, PaymentMethod, Subscription
from app.models.checkout_session import SETTLED
from app.providers.base import Capabilities, CheckoutState


@dataclass(slots=True)
class Finding:
    """What the provider says of a checkout, written as it is; what is made of it comes after.

    The checkout's row is locked, and so is that of `plan`, the plan it began, if it began one.
    `parts` are the refunds of its payments; `cause` and `now` are written with each change.
    """

    db: Session
    site: Site
    checkout: CheckoutSession
    state: CheckoutState
    parts: Parts
    cause: str
    now: datetime
    plan: Subscription | None
    recorded: list[Recorded]
    method: PaymentMethod | None

    @property
    def attempts(self) -> list[Payment]:
        """Every attempt to pay."""
        return [payment for payment, *_ in self.recorded]

    @property
    def paid(self) -> list[Payment]:
        """The attempts that were paid."""
        return [payment for payment in self.attempts if payment.is_paid]

    @property
    def capabilities(self) -> Capabilities:
        """What its provider can do."""
        return self.site.capabilities(self.checkout.provider_account.provider)


def write(
    db: Session,
    site: Site,
    checkout: CheckoutSession,
    state: CheckoutState,
    parts: Parts,
    *,
    cause: str,
    now: datetime,
) -> Finding:
    """Write what the provider says, whatever is made of it. The caller holds the checkout's
    lock."""
    # A look at the plan locks it before its payments; the same order here, or both could wait.
    plan = subscriptions.lock_of(db, checkout)
    recorded = payments.record_all(db, state.payments, checkout)
    # A one-time payment leaves nothing on file: the provider is not asked to keep its method.
    kept = state.method if checkout.mode != "payment" else None
    method = payment_methods.record(db, kept, checkout, cause=cause, now=now) if kept else None
    finding = Finding(db, site, checkout, state, parts, cause, now, plan, recorded, method)
    # Written to last: what is asked before would write the row once more.
    _remember(finding)
    return finding


def _remember(finding: Finding) -> None:
    checkout, state = finding.checkout, finding.state
    checkout.version += 1
    checkout.checked_at = finding.now
    checkout.provider_id = state.provider_id
    checkout.url = state.url or checkout.url
    checkout.expires_at = checkout.deadline or state.expires_at or checkout.expires_at
    declines = [attempt.decline for attempt in finding.attempts if attempt.decline]
    checkout.decline = declines[-1] if declines else None
    # What was entered is final once it is paid, and stays away where it was deleted since.
    if state.collected and checkout.state not in SETTLED:
        entered = {name: value for name, value in (checkout.collected or {}).items() if value}
        checkout.collected = asdict(state.collected) | entered

"""What each mail tells: one value a kind, with everything its words need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from app.money import Money

EndReason = Literal["canceled", "provider", "not_paid", "charged_back", "duplicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailable:
    """What one mail tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfMoney(Mailable):
    """Told of money for a plan, or for whatever else was sold."""

    plan: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class _ByMethod(_OfMoney):
    """Told with the payment method that is charged, as payments carry it."""

    method: str | None = None
    brand: str | None = None
    last4: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Invoiced(_ByMethod):
    """Told with the invoice there is for it."""

    invoice_uuid: str | None = None
    invoice_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ByLink(Mailable):
    """Told with a link that works once; `sealed_url` is sealed by the site's vault."""

    sealed_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(_Invoiced):
    """A payment arrived. Without a period it was for a one-time purchase; without `next_charge_at`
    nothing is charged by itself any more."""

    quantity: int = 1
    period_start: datetime | None = None
    period_end: datetime | None = None
    next_charge: Money | None = None
    next_charge_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(_ByMethod):
    """A charge of a running plan was declined; `decline` is the reason as payments carry it.
    Without `next_retry_at` it is not tried again by itself; `pay_by` is when the plan ends."""

    decline: str | None = None
    next_retry_at: datetime | None = None
    pay_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionNeeded(_OfMoney):
    """The bank wants the payer to confirm a charge; `action_url` is the provider's page for it."""

    action_url: str | None = None
    pay_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalAhead(_ByMethod):
    """A charge is coming; `is_first` is the first one, at the end of a trial."""

    charge_at: datetime
    interval: Literal["month", "year"]
    is_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanged(Mailable):
    """Another plan or quantity: in force, or with `is_scheduled` from `takes_effect_at` on.
    `charged` was taken for it at once, `credited` is taken off the next charges."""

    plan: str
    quantity: int
    before_plan: str
    before_quantity: int
    renewal: Money
    interval: Literal["month", "year"]
    takes_effect_at: datetime
    is_scheduled: bool = False
    next_charge_at: datetime | None = None
    charged: Money | None = None
    credited: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled(Mailable):
    """A plan will end at `ends_at`, or with `is_over` has ended; `reason` as subscriptions carry
    it."""

    plan: str
    ends_at: datetime
    is_over: bool = False
    reason: EndReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardExpiring(Mailable):
    """The card on file ends with this month; `plan` and what follows is what it pays for."""

    brand: str | None
    last4: str | None
    exp_month: int
    exp_year: int
    plan: str | None = None
    next_charge: Money | None = None
    next_charge_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded(_Invoiced):
    """Money went back to the payer; the invoice is the credit note, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedBack(_OfMoney):
    """The payer's bank took a payment back; with `is_over` the plan ended for it."""

    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset(_ByLink):
    """Somebody asked to choose a new password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited(_ByLink):
    """Somebody was asked to join a tenant."""

    role: Literal["admin", "member"]
    invited_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInvited(_ByLink):
    """Somebody was asked to run an app."""

    role: Literal["owner", "support"]
    invited_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDisabled(Mailable):
    """An endpoint of the app failed for so long that it is not called any more."""

    url: str
    failing_since: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsReview(Mailable):
    """A person of the app has to look at a payment; `reason` as checkouts carry it."""

    plan: str
    reason: str
    checkout_uuid: str
    amount: Money | None = None


KINDS: dict[str, type[Mailable]] = {
    "receipt": Receipt,
    "payment_failed": PaymentFailed,
    "action_needed": ActionNeeded,
    "renewal_ahead": RenewalAhead,
    "plan_changed": PlanChanged,
    "canceled": Canceled,
    "card_expiring": CardExpiring,
    "refunded": Refunded,
    "charged_back": ChargedBack,
    "password_reset": PasswordReset,
    "invitation": Invited,
    "app_invitation": AppInvited,
    "webhook_disabled": WebhookDisabled,
    "needs_review": NeedsReview,
}
_NAMES = {kind: name for name, kind in KINDS.items()}
# Told to whoever runs the app, not to the tenant.
FOR_THE_APP = frozenset({"webhook_disabled", "needs_review"})


def name(mailable: Mailable) -> str:
    """Answer the name of its kind, such as `receipt`."""
    return _NAMES[type(mailable)]


def dump(mailable: Mailable) -> dict[str, Any]:
    """Answer a mail's values as they are stored."""
    values: dict[str, Any] = _adapter(name(mailable)).dump_python(mailable, mode="json")
    return values


def load(kind: str, values: dict[str, Any]) -> Mailable:
    """Answer the value again, equal to the one that was stored."""
    return _adapter(kind).validate_python(values)


@cache
def _adapter(kind: str) -> TypeAdapter[Mailable]:
    return TypeAdapter(KINDS[kind])

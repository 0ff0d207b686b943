"""Receipts: everything the page of a checkout shows, while it waits and for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.invoicing import invoice_lists
from app.billing.ordering.orders import Choice
from app.billing.purchase import checkouts, page_status
from app.billing.site import Site
from app.billing.text import Text
from app.billing.truth import deadlines
from app.models import CheckoutSession, Invoice, Membership, Payment, Subscription, TimelineEntry
from app.money import Money
from app.providers.base import Mode

_DECLINES = {
    "insufficient_funds": Text("The account did not have enough money. Try another method."),
    "expired_card": Text("The card has expired. Try another card."),
    "incorrect_data": Text("A number was entered wrongly. Check the card's details and try again."),
    "authentication": Text("The bank could not confirm that it was you. Try again."),
    "fraud": Text("The bank stopped the payment. Ask your bank, or try another method."),
}
_DECLINED = Text("The bank declined without giving a reason. Try another payment method.")
_REVIEWS = {
    "duplicate": Text(
        "This had been paid for already when this payment came in. It is not given twice: the"
        " second payment goes back to where it came from, and nothing more is charged for it."
    ),
    "amount": Text(
        "The amount that was paid differs from the amount you accepted. A person compares both and"
        " will write to you. Do not pay again."
    ),
    "late": Text(
        "The payment came after this order had ended. A person decides with you whether it is"
        " used or given back. Do not pay again."
    ),
    "mandate": Text(
        "The first payment came in, but your bank has not allowed the next ones. A person looks at"
        " it and will write to you. Do not pay again."
    ),
    "trial": Text(
        "A free trial of a plan had been used before this order was confirmed, so a second one was"
        " not begun. Nothing is charged, and what was taken to check the payment method goes back."
        " You can start the plan without a trial."
    ),
}
_REVIEWED = Text("A person looks at this payment and will write to you. Do not pay again.")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the page prints; None where it is not known or does not apply.

    `total` is what the payer accepted for today, `paid` what the provider has taken, and `refunded`
    what of it went back. A plan that begins with a trial of `trial_days` is free until `trial_end`;
    what was paid then only verified the method. The four times are the steps of the payment.
    """

    checkout: CheckoutSession
    status: str
    mode: Mode
    name: str
    interval: str | None
    quantity: int
    unit: Money | None
    net: Money
    tax: Money
    total: Money
    paid: Money | None
    refunded: Money | None
    trial_days: int
    trial_end: datetime | None
    renewal: Money
    next_charge: Money | None
    next_charge_at: datetime | None
    provider_name: str
    method: str | None
    brand: str | None
    last4: str | None
    reference: str
    started_at: datetime
    paid_at: datetime | None
    confirmed_at: datetime | None
    active_at: datetime | None
    attempts: list[Payment]
    settle_days: int
    settling_until: datetime | None
    has_access: bool
    next_check_at: datetime | None
    continue_url: str | None
    decline: Text | None
    review: Text | None
    try_again: Choice | None
    invoice: Invoice | None
    entries: list[TimelineEntry]


def show(db: Session, site: Site, *, membership: Membership, checkout_uuid: UUID) -> Receipt:
    """Look at the provider if the checkout is still pending (at most once in 5 s), and answer what
    its page says. Commits. Raises NotFound for another tenant's."""
    checkout = checkouts.find(db, membership.tenant_id, checkout_uuid)
    checkout = checkouts.look_on_opening(db, site, checkout, cause="page")
    return of(db, site, checkout)


def of(db: Session, site: Site, checkout: CheckoutSession) -> Receipt:
    """Answer what the page of a checkout says as it is known here, without looking again."""
    now = site.clock.now()
    subscription = _subscription(db, checkout)
    entries = timeline.of_checkout(db, checkout.id)
    attempts = sorted(checkout.payments, key=lambda payment: payment.id, reverse=True)
    kept = [payment for payment in attempts if payment.is_paid]
    latest = kept[0] if kept else attempts[0] if attempts else None
    status = page_status.read(checkout, now=now)
    capabilities = site.capabilities(checkout.provider_account.provider)
    method = capabilities.method(checkout.method or "", _mode(checkout), checkout.currency)
    price = checkout.price
    goes_on = bool(subscription and subscription.is_running and subscription.status != "canceling")
    return Receipt(
        checkout=checkout,
        status=status,
        mode=_mode(checkout),
        name=price.product.name if price else checkout.description,
        interval=price.interval if price else None,
        quantity=checkout.quantity,
        unit=price.amount if price else None,
        net=Money(checkout.net, checkout.currency),
        tax=Money(checkout.tax, checkout.currency),
        total=checkout.due_today,
        paid=Money(sum(payment.amount for payment in kept), checkout.currency) if kept else None,
        refunded=_refunded(attempts, checkout.currency),
        trial_days=checkout.trial_days,
        trial_end=subscription.trial_end if subscription else None,
        renewal=checkout.renewal,
        next_charge=subscription.renewal if subscription and goes_on else None,
        next_charge_at=subscription.period_end if subscription and goes_on else None,
        provider_name=capabilities.name,
        method=(latest.method if latest else None) or checkout.method,
        brand=latest.brand if latest else None,
        last4=latest.last4 if latest else None,
        reference=str(checkout.uuid)[:8].upper(),
        started_at=checkout.created_at,
        paid_at=checkout.paid_at or _first(entries, "checkout.processing"),
        confirmed_at=_first(entries, "checkout.complete"),
        active_at=_first(entries, "checkout.complete"),
        attempts=attempts,
        settle_days=method.settle_days if method else 0,
        settling_until=_settling_until(checkout, subscription),
        has_access=subscription is not None and subscription.is_settling,
        next_check_at=checkout.next_check_at,
        continue_url=_continue_url(checkout, status),
        decline=_decline(checkout),
        review=_REVIEWS.get(checkout.review or "", _REVIEWED) if status == "needs_review" else None,
        try_again=_try_again(checkout),
        invoice=invoice_lists.of_checkout(db, checkout.id) if kept else None,
        entries=entries,
    )


def _subscription(db: Session, checkout: CheckoutSession) -> Subscription | None:
    return db.scalars(select(Subscription).where(Subscription.checkout_id == checkout.id)).first()


def _mode(checkout: CheckoutSession) -> Mode:
    modes: dict[str, Mode] = {
        "payment": "payment",
        "subscription": "subscription",
        "setup": "setup",
    }
    return modes[checkout.mode]


def _refunded(attempts: list[Payment], currency: str) -> Money | None:
    back = sum(payment.refunded for payment in attempts)
    return Money(back, currency) if back else None


def _first(entries: list[TimelineEntry], kind: str) -> datetime | None:
    return next((entry.at for entry in entries if entry.kind == kind), None)


def _settling_until(
    checkout: CheckoutSession, subscription: Subscription | None
) -> datetime | None:
    if checkout.state != "processing":
        return None
    if subscription and subscription.settling_until:
        return subscription.settling_until
    return checkout.created_at + deadlines.SETTLING


def _continue_url(checkout: CheckoutSession, status: str) -> str | None:
    """The provider's page of the same checkout, which cannot charge twice."""
    waits = status == "action_needed" or (status == "confirming" and not checkout.returned_at)
    return checkout.url if waits and checkout.state == "open" else None


def decline_words(reason: str) -> Text:
    """Answer why a bank declined, and what to do, for a reason as payments carry it."""
    return _DECLINES.get(reason, _DECLINED)


def _decline(checkout: CheckoutSession) -> Text | None:
    return decline_words(checkout.decline) if checkout.decline else None


def _try_again(checkout: CheckoutSession) -> Choice | None:
    if checkout.price is None:
        return None
    method = f"{checkout.provider_account.provider}-{checkout.method}" if checkout.method else None
    return Choice(
        price_id=checkout.price.price_id,
        quantity=checkout.quantity,
        country=checkout.tax_country or "",
        vat_number=checkout.vat_number,
        method=method,
    )

"""Payment pages: an order as its payer sees it, what is asked of them here, and sending them on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.billing.errors import Conflict
from app.billing.ordering import checkout_orders
from app.billing.plans import periods, subscriptions, trials
from app.billing.purchase import checkouts, openings, payment_links, receipts
from app.billing.purchase.made_checkouts import MadeCheckout
from app.billing.purchase.receipts import Receipt
from app.billing.site import Site
from app.billing.truth import deadlines
from app.models import CheckoutSession
from app.money import Money
from app.providers import errors as provider_errors
from app.providers.base import Address, Collect, Collected, Interval, Line, TaxBehavior


@dataclass(frozen=True, slots=True)
class Entered:
    """What the payer entered here; addresses by the names of `providers.base.Address`."""

    name: str | None = None
    billing_address: dict[str, Any] | None = None
    shipping_name: str | None = None
    shipping_address: dict[str, Any] | None = None
    tax_id: str | None = None
    terms_accepted: bool = False


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """What the page prints. `asks` is what the payer still has to enter here; with `country` the
    billing address is in that one. `is_payable` means that the order waits for its payer; then
    `runs` says that another plan stands in its way, `tried` that its trial has been used up.
    `renews_at` is the next charge, or the first one after a trial."""

    receipt: Receipt
    lines: tuple[Line, ...]
    asks: Collect
    country: str | None
    is_payable: bool
    runs: bool
    tried: bool
    renews_at: datetime | None

    @property
    def checkout(self) -> CheckoutSession:
        """The row behind the page."""
        return self.receipt.checkout

    @property
    def was_left(self) -> bool:
        """The payer has been at the provider's page and came back without paying."""
        return self.is_payable and self.receipt.status == "not_charged"

    @property
    def is_final(self) -> bool:
        """Its amounts are final: no tax was decided or added."""
        return self.checkout.tax_percentage is None

    @property
    def net(self) -> Money:
        """What is due without tax: today, or each period after a trial."""
        return Money(trials.per_period(self.checkout).net, self.checkout.currency)

    @property
    def tax(self) -> Money:
        """The tax on it."""
        return Money(trials.per_period(self.checkout).tax, self.checkout.currency)

    @property
    def is_reverse_charge(self) -> bool:
        """The buyer accounts for the tax."""
        checkout = self.checkout
        is_rate = checkout.tax_rate is not None and checkout.tax_rate.is_reverse_charge
        kept = checkout_orders.details_of(checkout) if checkout.details else None
        return is_rate or (kept is not None and kept.is_reverse_charge)


def next_url(site: Site, checkout: CheckoutSession | MadeCheckout) -> str | None:
    """Answer where an API's payer begins: at our page where the provider is asked only on the
    payer's word, or does not collect what was wanted; else at the provider's."""
    if checkout.is_deferred or asked(site, checkout) != Collect():
        return payment_links.keyed(site, checkout)
    return checkout.url


def show(db: Session, site: Site, checkout: CheckoutSession) -> PaymentPage:
    """Look at the provider where that may change what is shown, and answer what the page says.
    Commits."""
    checkout = _look(db, site, checkout)
    receipt = receipts.of(db, site, checkout)
    now = site.clock.now()
    is_payable = _is_payable(checkout, receipt.status, now=now)
    return PaymentPage(
        receipt=receipt,
        lines=_lines(checkout),
        asks=asked(site, checkout) if is_payable else Collect(),
        country=checkout.tax_country if checkout.state_digest else None,
        is_payable=is_payable,
        runs=is_payable and _runs_beside(db, checkout),
        tried=is_payable and trials.is_second(db, checkout),
        renews_at=_renews_at(site, receipt, now=now),
    )


def _renews_at(site: Site, receipt: Receipt, *, now: datetime) -> datetime | None:
    if receipt.interval is None:
        return None
    if receipt.trial_days:
        capabilities = site.capabilities(receipt.checkout.provider_account.provider)
        return trials.end(capabilities, now, receipt.trial_days)
    return periods.after(now, receipt.interval)


def send_on(db: Session, site: Site, page: PaymentPage, entered: Entered) -> str | None:
    """Keep what the payer entered and answer the provider's page, the same for every press; None
    where the page itself says how it stands. Commits.

    Raises Conflict where a plan of the family runs or its trial is used up, and as
    `checkouts.start` does.
    """
    checkout = page.checkout
    if not page.is_payable:
        return None
    if page.runs:
        raise Conflict("A plan runs already. A second one cannot be bought beside it.")
    if page.tried:
        raise Conflict("The free trial of this order has been used already. Begin a new order.")
    if page.asks != Collect():
        _keep(db, checkout, entered)
    if checkout.state == "open":
        checkouts.come_again(db, checkout.id)
        return checkout.url
    return _open(db, site, checkout)


def asked(site: Site, checkout: CheckoutSession | MadeCheckout) -> Collect:
    """Answer what our page has to ask for: what the provider's page does not, or all of it where
    the caller limits the country; nothing twice."""
    if checkout.details is None or checkout.collected is not None:
        return Collect()
    wanted = checkout_orders.details_of(checkout).collect
    if checkout.mode == "setup":
        # A set-up ships nothing and invoices nothing, as at Stripe's page.
        wanted = replace(wanted, shipping_address=False, tax_id="no")
    if checkout.state_digest is not None:
        return wanted
    theirs = site.capabilities(checkout.provider_account.provider).collects
    return Collect(
        billing_address=wanted.billing_address and "billing_address" not in theirs,
        shipping_address=wanted.shipping_address and "shipping_address" not in theirs,
        terms=wanted.terms and "terms" not in theirs,
        terms_url=wanted.terms_url if wanted.terms and "terms" not in theirs else None,
        tax_id="no" if "tax_id" in theirs else wanted.tax_id,
    )


def _look(db: Session, site: Site, checkout: CheckoutSession) -> CheckoutSession:
    if checkout.state not in ("starting", "open", "processing"):
        return checkout
    if _is_late(checkout, now=site.clock.now()):
        return _end(db, site, checkout)
    if checkout.state == "starting" and checkout.request is None:
        return checkout
    return checkouts.look_on_opening(db, site, checkout, cause="page")


def _end(db: Session, site: Site, checkout: CheckoutSession) -> CheckoutSession:
    checkout_id, uuid, is_starting = checkout.id, checkout.uuid, checkout.state == "starting"
    db.commit()
    try:
        if is_starting:
            checkouts.drop_unclaimed(db, site, checkout_id)
        else:
            checkouts.expire(db, site, checkout_id, cause="clock")
    except provider_errors.ProviderError:
        db.rollback()
    ended = checkouts.by_uuid(db, uuid)
    assert ended is not None
    return ended


def _is_late(checkout: CheckoutSession, *, now: datetime) -> bool:
    if checkout.state not in ("starting", "open"):
        return False
    if checkout.deadline is not None:
        return checkout.deadline <= now
    is_unsent = checkout.is_deferred and checkout.request is None
    return is_unsent and checkout.created_at + deadlines.DEFERRED <= now


def _is_payable(checkout: CheckoutSession, status: str, *, now: datetime) -> bool:
    if checkout.origin == "portal" or _is_late(checkout, now=now):
        return False
    # An embedded one has no page to send on to: it is paid in the app's own.
    leads = checkout.state == "starting" or (checkout.state == "open" and bool(checkout.url))
    is_new = status == "confirming" and checkout.returned_at is None
    return leads and (is_new or status == "not_charged")


def _runs_beside(db: Session, checkout: CheckoutSession) -> bool:
    is_plan = checkout.mode == "subscription" and checkout.family is not None
    return is_plan and checkout.tenant_id is not None and subscriptions.running_beside(db, checkout)


def _lines(checkout: CheckoutSession) -> tuple[Line, ...]:
    if checkout.details is not None:
        return checkout_orders.details_of(checkout).lines
    price = checkout.price
    if price is None:
        return ()
    line = Line(
        name=price.product.name,
        unit_amount=price.amount,
        quantity=checkout.quantity,
        tax_behavior=cast(TaxBehavior, price.tax_behavior),
        interval=cast("Interval | None", price.interval),
        description=price.product.description,
    )
    return (line,)


def _keep(db: Session, checkout: CheckoutSession, entered: Entered) -> None:
    # Of two pages sent at once the first one counts; it is what the provider is told.
    db.execute(
        update(CheckoutSession)
        .where(CheckoutSession.id == checkout.id, CheckoutSession.collected.is_(None))
        .values(collected=asdict(_collected(entered)))
        .execution_options(synchronize_session=False)
    )
    db.commit()
    db.refresh(checkout)


def _collected(entered: Entered) -> Collected:
    billing, shipping = entered.billing_address, entered.shipping_address
    return Collected(
        name=entered.name,
        billing_address=Address(**billing) if billing else None,
        shipping_name=entered.shipping_name,
        shipping_address=Address(**shipping) if shipping else None,
        tax_id=entered.tax_id,
        terms_accepted=entered.terms_accepted,
    )


def _open(db: Session, site: Site, checkout: CheckoutSession) -> str | None:
    checkout_id = checkout.id
    if checkout.details is not None:
        opened = openings.resume(db, site, checkout_id)
    else:
        opened = _finish(db, site, checkout_id)
    return opened.url if opened else None


def _finish(db: Session, site: Site, checkout_id: int) -> openings.Opened | None:
    db.commit()
    try:
        return openings.finish(db, site, checkout_id)
    except provider_errors.ProviderError as error:
        raise openings.unavailable(error) from error

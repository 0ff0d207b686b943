"""A checkout order: what is bought, by whom, where, and the request that asks a provider for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from pydantic import TypeAdapter

from app.billing.ordering.buyers import BuyingTenant
from app.billing.purchase.made_checkouts import MadeCheckout
from app.billing.site import Account, Site
from app.billing.tax.taxes import Rate
from app.models import CheckoutSession, Tenant
from app.money import Money
from app.providers.base import CheckoutRequest, Collect, Line, Mode

# Both providers take a card for it; it is given back as soon as it is paid.
VERIFICATION_MINOR = 1
# Stripe takes amounts of up to eight digits in nearly every currency ("Supported currencies").
MOST_MINOR = 99_999_999


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax of an order as it was decided or instructed; `percentage` None means none was."""

    rule: str | None = None
    country: str | None = None
    percentage: Decimal | None = None
    rate: Rate | None = None
    vat_number: str | None = None
    vat_status: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A plan's first days without a charge, and what each period costs after them."""

    days: int
    net: int
    tax: int
    total: int


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """One purchase or set-up, complete. Amounts are what is due today; `trial` is what a plan costs
    after it.

    `slot` is set in the portal: of one tenant, mode and slot at most one order is pending.
    `customer_id` and `provider_tax_rate_id` are given where the provider has made them already.
    `is_reverse_charge` is what a caller said, `asked_by` the cause a timeline names.
    What an API's caller adds is explained at `CheckoutSession`; `lifetime` is how long the
    provider's page shall live, `created_at` the moment its `deadline` counts from (None: now).
    """

    app_id: int
    livemode: bool
    account: Account
    mode: Mode
    currency: str
    net: int
    tax_amount: int
    total: int
    description: str
    origin: str
    tenant: Tenant | BuyingTenant | None = None
    user_id: int | None = None
    method: str | None = None
    lines: tuple[Line, ...] = ()
    price_row: int | None = None
    family: str | None = None
    slot: str | None = None
    quantity: int = 1
    tax: Tax = field(default_factory=Tax)
    trial: Trial | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    locale: str | None = None
    email: str | None = None
    is_reverse_charge: bool = False
    collect: Collect = field(default_factory=Collect)
    lifetime: timedelta | None = None
    embedded: bool = False
    customer_id: str | None = None
    provider_tax_rate_id: str | None = None
    is_deferred: bool = False
    is_kept: bool = False
    created_at: datetime | None = None
    deadline: datetime | None = None
    payable: str | None = None
    reference: str | None = None
    state_digest: str | None = None
    caller_metadata: dict[str, Any] | None = None
    asked_by: str = "start"

    @property
    def needs_customer(self) -> bool:
        """The provider must know the tenant first."""
        return self.tenant is not None

    @property
    def digest(self) -> str:
        """Tells the same order from another one."""
        words = (
            self.mode,
            self.account.id,
            self.method,
            self.price_row,
            self.quantity,
            self.currency,
            self.net,
            self.tax_amount,
            self.total,
            self.tax.rule,
            self.tax.country,
            self.tax.vat_number,
            self.trial,
        )
        return sha256(repr(words).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Details:
    """What of an order has no column of its own, kept so that it can be opened later."""

    lines: tuple[Line, ...]
    collect: Collect
    locale: str | None
    lifetime: timedelta | None
    embedded: bool
    is_reverse_charge: bool = False


_DETAILS = TypeAdapter(Details)


def details(order: CheckoutOrder) -> dict[str, Any]:
    """Answer what is kept of an order beside its columns."""
    kept = Details(
        lines=order.lines,
        collect=order.collect,
        locale=order.locale,
        lifetime=order.lifetime,
        embedded=order.embedded,
        is_reverse_charge=order.is_reverse_charge,
    )
    dumped: dict[str, Any] = _DETAILS.dump_python(kept, mode="json")
    return dumped


def details_of(row: CheckoutSession | MadeCheckout) -> Details:
    """Answer what was kept of a checkout's order beside its columns."""
    return _DETAILS.validate_python(row.details)


def again(row: CheckoutSession) -> CheckoutOrder:
    """Answer the order of a checkout that was kept with its details."""
    kept = details_of(row)
    return CheckoutOrder(
        app_id=row.app_id,
        livemode=row.livemode,
        account=row.provider_account,
        mode=cast(Mode, row.mode),
        currency=row.currency,
        net=row.net,
        tax_amount=row.tax,
        total=row.total,
        description=row.description,
        origin=row.origin,
        tenant=row.tenant,
        user_id=row.user_id,
        method=row.method,
        lines=kept.lines,
        price_row=row.price_id,
        family=row.family,
        slot=row.slot,
        quantity=row.quantity,
        tax=Tax(
            rule=row.tax_rule,
            country=row.tax_country,
            percentage=row.tax_percentage,
            rate=row.tax_rate,
            vat_number=row.vat_number,
            vat_status=row.vat_status,
        ),
        trial=_trial_of(row),
        success_url=row.success_url,
        cancel_url=row.cancel_url,
        locale=kept.locale,
        email=row.email,
        is_reverse_charge=kept.is_reverse_charge,
        # What the payer has entered at our page is not asked again at the provider's.
        collect=kept.collect if row.collected is None else Collect(),
        lifetime=kept.lifetime,
        embedded=kept.embedded,
        is_deferred=row.is_deferred,
        is_kept=row.is_kept,
        deadline=row.deadline,
        payable=row.payable,
        reference=row.reference,
        state_digest=row.state_digest,
        caller_metadata=row.caller_metadata,
    )


def return_url(site: Site, checkout: UUID, *, key: str | None = None) -> tuple[str, str]:
    """Answer (key id, the address where the payer comes back); with `key` the address that was
    signed with that key before."""
    key_id, signature = site.sign("return", str(checkout), key=key)
    return key_id, site.url(f"/return/{checkout}/{signature[:40]}")


def request(
    site: Site,
    order: CheckoutOrder,
    checkout: UUID,
    *,
    customer_id: str | None,
    provider_tax_rate_id: str | None,
    now: datetime,
) -> CheckoutRequest:
    """Answer what is sent to the provider; from then on it is stored and never made anew."""
    _, back = return_url(site, checkout)
    return CheckoutRequest(
        uuid=str(checkout),
        mode=order.mode,
        currency=order.currency,
        total=Money(order.total, order.currency),
        tax=Money(order.tax_amount, order.currency),
        description=order.description,
        return_url=back,
        left_url=f"{back}/left",
        lines=tuple(_taxed(line, provider_tax_rate_id, order.tax) for line in order.lines),
        customer_id=customer_id,
        customer_email=None if customer_id else order.email,
        method=order.method,
        locale=order.locale,
        webhook_url=site.hook_url(order.account),
        expires_at=now + order.lifetime if order.lifetime else None,
        trial_days=order.trial.days if order.trial else 0,
        embedded=order.embedded,
        collect=order.collect,
    )


def _trial_of(row: CheckoutSession) -> Trial | None:
    if row.renewal_net is None or row.renewal_tax is None or row.renewal_total is None:
        return None
    return Trial(row.trial_days, row.renewal_net, row.renewal_tax, row.renewal_total)


def _taxed(line: Line, provider_tax_rate_id: str | None, tax: Tax) -> Line:
    return Line(
        name=line.name,
        unit_amount=line.unit_amount,
        quantity=line.quantity,
        tax_behavior=line.tax_behavior,
        interval=line.interval,
        description=line.description,
        provider_price_id=line.provider_price_id,
        provider_tax_rate_id=provider_tax_rate_id,
        tax_percentage=tax.percentage,
        images=line.images,
    )

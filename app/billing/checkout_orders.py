"""A checkout order: what is bought, by whom, where, and the request that asks a provider for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from app.billing.site import Site
from app.models import ProviderAccount, TaxRate, Tenant
from app.money import Money
from app.providers.base import CheckoutRequest, Collect, Line, Mode

# Both providers take a card for it; it is given back as soon as it is paid.
VERIFICATION_MINOR = 1


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax of an order as it was decided or instructed; `percentage` None means none was."""

    rule: str | None = None
    country: str | None = None
    percentage: Decimal | None = None
    rate: TaxRate | None = None
    vat_number: str | None = None
    vat_status: str | None = None


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """One purchase or set-up, complete. Amounts are what is due today.

    `slot` is set in the portal: of one tenant, mode and slot at most one order is pending.
    `customer_id` and `provider_tax_rate_id` are given where the provider has made them already.
    """

    app_id: int
    livemode: bool
    account: ProviderAccount
    mode: Mode
    currency: str
    net: int
    tax_amount: int
    total: int
    description: str
    origin: str
    tenant: Tenant | None = None
    user_id: int | None = None
    method: str | None = None
    lines: tuple[Line, ...] = ()
    price_row: int | None = None
    family: str | None = None
    slot: str | None = None
    quantity: int = 1
    tax: Tax = field(default_factory=Tax)
    success_url: str | None = None
    cancel_url: str | None = None
    locale: str | None = None
    email: str | None = None
    collect: Collect = field(default_factory=Collect)
    lifetime: timedelta | None = None
    customer_id: str | None = None
    provider_tax_rate_id: str | None = None

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
        )
        return sha256(repr(words).encode()).hexdigest()


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
        collect=order.collect,
    )


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

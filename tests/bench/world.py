"""The installation that is measured: one app with a catalogue, and a tenant for each start."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.billing.site import Credentials, Site
from app.db.base import table
from app.db.engine import Database
from app.models import (
    App,
    Customer,
    Membership,
    Price,
    Product,
    ProviderAccount,
    ProviderPrice,
    TaxRate,
    Tenant,
    User,
)
from tests.bench.floors import WEBHOOK_SECRET

PRICE_ID = "price_team_month_eur"
_PLANS = {"starter": 900, "team": 2900, "business": 9900}
_FEATURES = ["Unlimited notes", "Shared folders", "Version history"]
_INTERVALS = {"month": 1, "year": 10}
_RATES = {"DE": "19", "NL": "21", "FR": "20", "SE": "25", "AT": "20"}


@dataclass(frozen=True, slots=True)
class Buyer:
    """A tenant's only admin; `tenant` is the tenant's uuid."""

    tenant: uuid.UUID
    user_id: int


@dataclass(frozen=True, slots=True)
class World:
    """What was made. `known` are tenants the provider has as customers, `new` are not."""

    hook: str
    known: list[Buyer]
    new: list[Buyer]


def make(database: Database, site: Site, *, known: int, new: int) -> World:
    """Fill an empty database."""
    with database.transaction() as db:
        account = _account(db, site)
        _catalogue(db, account)
        buyers = _buyers(db, account.app_id, known + new)
        _customers(db, account, buyers[:known])
        return World(
            f"/hooks/stripe/{account.uuid}", _named(buyers[:known]), _named(buyers[known:])
        )


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    tenant: uuid.UUID


def _account(db: Session, site: Site) -> ProviderAccount:
    app = App(name="Acme Notes", seller_name="Acme Notes GmbH", seller_country="DE")
    sealed = site.seal(Credentials("sk_test_bench", webhook_secret=WEBHOOK_SECRET))
    account = ProviderAccount(
        app=app, provider="stripe", sealed_credentials=sealed, is_default=True
    )
    db.add(account)
    db.flush()
    return account


def _catalogue(db: Session, account: ProviderAccount) -> None:
    for position, (slug, amount) in enumerate(_PLANS.items()):
        product = Product(
            app_id=account.app_id,
            slug=slug,
            name=slug.title(),
            description="For teams that write together",
            features=_FEATURES,
            position=position,
        )
        product.prices = [
            _price(f"{slug}_{interval}", currency, amount * factor, interval)
            for currency in ("EUR", "USD")
            for interval, factor in _INTERVALS.items()
        ]
        db.add(product)
        _sell(db, account, product.prices)
    onboarding = Product(app_id=account.app_id, slug="onboarding", name="Onboarding", position=9)
    onboarding.prices = [_price("onboarding", code, 49000, None) for code in ("EUR", "USD")]
    db.add(onboarding)
    _sell(db, account, onboarding.prices)
    db.add_all(
        TaxRate(
            app_id=account.app_id,
            tax_rate_id=f"txr_{country.lower()}",
            country=country,
            percentage=Decimal(percentage),
        )
        for country, percentage in _RATES.items()
    )


def _price(name: str, currency: str, amount: int, interval: str | None) -> Price:
    return Price(
        price_id=f"price_{name}_{currency}".lower(),
        currency=currency,
        unit_amount=amount,
        interval=interval,
    )


def _sell(db: Session, account: ProviderAccount, prices: list[Price]) -> None:
    db.add_all(
        ProviderPrice(
            price=price, provider_account_id=account.id, provider_id=f"provider_{price.price_id}"
        )
        for price in prices
    )


def _buyers(db: Session, app_id: int, count: int) -> list[_Row]:
    tenants = [
        {
            "app_id": app_id,
            "name": f"Tenant {number}",
            "legal_name": f"Tenant {number} GmbH",
            "address_line1": "Torstrasse 1",
            "postal_code": "10119",
            "city": "Berlin",
            "country": "DE",
            "invoice_email": f"invoices@tenant{number}.example",
        }
        for number in range(count)
    ]
    made = db.execute(
        insert(table(Tenant)).returning(table(Tenant).c.id, table(Tenant).c.uuid), tenants
    )
    rows = [_Row(number, tenant) for number, tenant in made]
    users = [{"id": row.number, "email": f"admin@tenant{row.number}.example"} for row in rows]
    db.execute(insert(table(User)), users)
    members = [{"tenant_id": row.number, "user_id": row.number, "role": "admin"} for row in rows]
    db.execute(insert(table(Membership)), members)
    return rows


def _customers(db: Session, account: ProviderAccount, rows: list[_Row]) -> None:
    customers = [
        {
            "tenant_id": row.number,
            "provider_account_id": account.id,
            "provider_id": f"cus_known{row.number}",
            "idempotency_key": str(uuid.uuid4()),
            "request": "{}",
        }
        for row in rows
    ]
    db.execute(insert(table(Customer)), customers)


def _named(rows: list[_Row]) -> list[Buyer]:
    # A user has the number of the tenant it administers.
    return [Buyer(row.tenant, row.number) for row in rows]

"""The world that is measured: the demo's app and catalogue, and a tenant for each start."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.billing.demo import demo_rows
from app.billing.site import Credentials, Site
from app.db.base import table
from app.db.engine import Database
from app.models import Customer, Membership, ProviderAccount, Tenant, User
from tests.bench.floors import WEBHOOK_SECRET

PRICE_ID = "price_demoTeamMonthEUR"
_CREDENTIALS = {
    "stripe": Credentials("sk_test_bench", webhook_secret=WEBHOOK_SECRET),
    "mollie": Credentials("test_bench", hook_secret="bench"),
}
# Above the ids of the demo world's people.
_FIRST_USER = 1_000_000


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
    app = demo_rows.make(db, site)
    accounts = [
        ProviderAccount(
            app_id=app.id,
            provider=provider,
            sealed_credentials=site.seal(credentials),
            is_default=provider == "stripe",
        )
        for provider, credentials in _CREDENTIALS.items()
    ]
    db.add_all(accounts)
    db.flush()
    return accounts[0]


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
    users = [
        {"id": _FIRST_USER + row.number, "email": f"admin@tenant{row.number}.example"}
        for row in rows
    ]
    db.execute(insert(table(User)), users)
    members = [
        {"tenant_id": row.number, "user_id": _FIRST_USER + row.number, "role": "admin"}
        for row in rows
    ]
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
    return [Buyer(row.tenant, _FIRST_USER + row.number) for row in rows]

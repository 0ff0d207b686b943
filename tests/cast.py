"""The people and companies our tests speak of.

Alice owns the app; Tara's tenant pays; Milo is her member; Peter is of another tenant; Charlie has
an account and belongs to nobody here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.billing.demo import demo
from app.billing.demo import demo_world as demo_data
from app.billing.people.accounts import hash_password
from app.billing.site import Site
from app.db.base import Base
from app.models import (
    App,
    Membership,
    Price,
    Product,
    ProviderAccount,
    Subscription,
    TaxRate,
    Tenant,
    User,
)

CHARLIE = "charlie@nowhere.example"
PASSWORDS = {
    person.email: person.password
    for person in (demo_data.OWNER, *(p for c in demo_data.COMPANIES for p in c.people))
} | {CHARLIE: "charlie-belongs-to-nobody"}
# The demo world as rows, by the sandbox it is connected to.
_made: dict[str, dict[str, list[dict[str, Any]]]] = {}


@dataclass(frozen=True)
class World:
    """The demo world in a test's database."""

    db: Session
    app: App
    globex: Tenant
    initech: Tenant
    alice: User
    tara: User
    milo: User
    peter: User
    charlie: User

    def membership(self, user: User) -> Membership:
        """Answer a user's membership with tenant, app and user."""
        return self.db.scalars(
            select(Membership)
            .where(Membership.user_id == user.id)
            .options(
                joinedload(Membership.tenant).joinedload(Tenant.app), joinedload(Membership.user)
            )
        ).one()

    def price(self, slug: str, interval: str | None = "month", currency: str = "EUR") -> Price:
        """Answer a price with its product."""
        return self.db.scalars(
            select(Price)
            .join(Price.product)
            .where(Product.slug == slug, Price.interval.is_not_distinct_from(interval))
            .where(Price.currency == currency)
            .options(joinedload(Price.product))
        ).one()

    def account(self, provider: str) -> ProviderAccount:
        """Answer the connected account of a provider."""
        return self.db.scalars(
            select(ProviderAccount).where(ProviderAccount.provider == provider)
        ).one()

    def begin_plan(
        self, tenant: Tenant, *, price: Price | None = None, status: str = "active"
    ) -> Subscription:
        """Give a tenant a plan without a purchase, where how it was bought does not matter."""
        price = price or self.price("team")
        subscription = Subscription(
            app_id=self.app.id,
            tenant_id=tenant.id,
            provider_account_id=self.account("stripe").id,
            price=price,
            livemode=False,
            family=price.product.family,
            status=status,
            quantity=1,
            currency=price.currency,
            net=price.unit_amount,
            tax=0,
            total=price.unit_amount,
            started_at=clock.wall(),
            anchor_at=clock.wall(),
        )
        self.db.add(subscription)
        self.db.commit()
        return subscription

    def rates(self) -> list[TaxRate]:
        """Answer the app's tax rates."""
        return list(self.db.scalars(select(TaxRate).order_by(TaxRate.id)))


def gather(db: Session, site: Site) -> World:
    """Write the demo world, and Charlie, into an empty database; no transaction stays open."""
    made = _made.get(site.config.STRIPE_API_URL)
    if made is None:
        demo.ensure(db, site)
        db.add(User(email=CHARLIE, password_digest=hash_password(PASSWORDS[CHARLIE])))
        db.commit()
        _made[site.config.STRIPE_API_URL] = _read(db)
    else:
        _write(db, made)
    world = look_around(db)
    db.commit()
    return world


def look_around(db: Session) -> World:
    """Answer who is in a database that holds the demo world."""
    users = {user.email.partition("@")[0]: user for user in db.scalars(select(User))}
    tenants = {tenant.name.lower(): tenant for tenant in db.scalars(select(Tenant))}
    return World(
        db=db,
        app=db.scalars(select(App)).one(),
        globex=tenants["globex"],
        initech=tenants["initech"],
        alice=users["alice"],
        tara=users["tara"],
        milo=users["milo"],
        peter=users["peter"],
        charlie=users["charlie"],
    )


def _read(db: Session) -> dict[str, list[dict[str, Any]]]:
    def plain(row: Row[Any]) -> dict[str, Any]:
        return dict(row._mapping)

    return {
        table.name: [plain(row) for row in db.execute(select(table))]
        for table in Base.metadata.sorted_tables
    }


def _write(db: Session, made: dict[str, list[dict[str, Any]]]) -> None:
    # Making it anew takes half a second of hashing and key making; copying it takes ten
    # milliseconds.
    written = [table for table in Base.metadata.sorted_tables if made[table.name]]
    for table in written:
        db.execute(insert(table), made[table.name])
    if db.get_bind().dialect.name == "postgresql":
        last = {table.name: max(row["id"] for row in made[table.name]) for table in written}
        moved = (
            f"setval(pg_get_serial_sequence('\"{name}\"', 'id'), {n + 99})"
            for name, n in last.items()
        )
        db.execute(text(f"SELECT {', '.join(moved)}"))
    db.commit()

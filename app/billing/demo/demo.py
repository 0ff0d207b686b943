"""The demo world: made once, shown to whoever runs it, put back as new."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.billing.access import portal_links, signing_keys, tokens
from app.billing.connecting import provider_accounts
from app.billing.demo import demo_accounts, demo_rows
from app.billing.demo import demo_world as world
from app.billing.demo.demo_world import uuid_of
from app.billing.errors import NotAllowed, NotFound, ProviderUnavailable
from app.billing.site import Site
from app.billing.tax import taxes
from app.models import App, Membership, Price, Product, TaxRate, Tenant
from app.providers.base import Mode

_KEYS = {"stripe": world.STRIPE_KEY, "mollie": world.MOLLIE_KEY}
_WAIT_SECONDS = 20.0
_LOOK_SECONDS = 0.1
# The sandbox is on this machine: a proxy in the environment must not be asked for it.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ensure(db: Session, site: Site, *, wait: float = _WAIT_SECONDS) -> App:
    """Make what is missing of the demo world, connect it to the sandbox, and answer its app.
    Commits. A world that is there stays as it is, but calls come to our present address.

    Waits `wait` seconds for the sandbox and raises ProviderUnavailable after them.
    """
    _refuse_elsewhere(site)
    app = demo_rows.make(db, site)
    signing_keys.ensure(db, site, app)
    db.commit()
    _await_sandbox(site, wait)
    for provider in _KEYS:
        _connect(db, site, app, provider)
    return app


def reset(db: Session, site: Site) -> None:
    """Put sandbox and portal back as they were at first; uuids, keys and bearers stay. Commits.

    Raises ProviderUnavailable where the sandbox does not answer; nothing is done then.
    """
    _refuse_elsewhere(site)
    _await_sandbox(site, _WAIT_SECONDS)
    _ask(site, "/control/reset", method="POST")
    demo_rows.forget_use(db)
    demo_rows.make(db, site, fresh=True)
    db.commit()


def show(db: Session, site: Site) -> dict[str, Any]:
    """Answer what an outside program needs to use the demo world, with new bearers and a new portal
    link. Commits. Raises NotFound before the world was made."""
    _refuse_elsewhere(site)
    app = db.scalars(select(App).where(App.uuid == uuid_of(f"app {world.APP['name']}"))).first()
    if app is None:
        raise NotFound("There is no demo world yet: flask demo ensure makes it.")
    tenants = _tenants(db, app)
    shown = {
        "portal_url": site.config.PUBLIC_URL,
        "sandbox_url": _sandbox_url(site),
        "app_uuid": str(app.uuid),
        "owner": {"email": world.OWNER.email, "password": world.OWNER.password},
        "api_keys": dict(world.API_KEYS),
        "tenants": [_shown_tenant(db, site, app, tenant) for tenant in tenants],
        "products": _shown_products(db, site, app),
        "tax_rates": [_shown_rate(rate) for rate in _reverse_last(taxes.rates(db, app.id))],
        "portal_link": portal_links.issue(db, site, tenant=tenants[0])[1],
    }
    db.commit()
    return shown


def _refuse_elsewhere(site: Site) -> None:
    if not site.config.DEMO:
        raise NotAllowed("The demo world is switched off here: DEMO is not set.")


def _sandbox_url(site: Site) -> str:
    return site.api_url("stripe").removesuffix("/stripe")


def _await_sandbox(site: Site, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not _ask(site, "/control/clock"):
        if time.monotonic() >= until:
            raise ProviderUnavailable(
                "The sandbox does not answer at %(url)s; make run starts it.",
                url=_sandbox_url(site),
            )
        time.sleep(_LOOK_SECONDS)


def _ask(site: Site, path: str, *, method: str = "GET") -> bool:
    request = urllib.request.Request(_sandbox_url(site) + path, method=method)
    try:
        with _DIRECT.open(request, timeout=30):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _connect(db: Session, site: Site, app: App, provider: str) -> None:
    account = provider_accounts.connected(db, app, provider, livemode=False)
    db.commit()
    if account is None or not provider_accounts.is_ready(site, account):
        demo_accounts.connect(
            db,
            site,
            app=app,
            provider=provider,
            secret_key=_KEYS[provider],
            is_default=provider == "stripe",
            uuid=uuid_of(f"provider_account {provider}"),
        )


def _tenants(db: Session, app: App) -> Sequence[Tenant]:
    return db.scalars(
        select(Tenant)
        .where(Tenant.app_id == app.id, Tenant.deleted_at.is_(None))
        .options(selectinload(Tenant.memberships).joinedload(Membership.user))
        .order_by(Tenant.id)
    ).all()


def _shown_tenant(db: Session, site: Site, app: App, tenant: Tenant) -> dict[str, Any]:
    passwords = {person.email: person.password for c in world.COMPANIES for person in c.people}
    return {
        "uuid": str(tenant.uuid),
        "name": tenant.name,
        "users": [
            {
                "uuid": str(membership.user.uuid),
                "email": membership.user.email,
                "password": passwords.get(membership.user.email),
                "role": membership.role,
                "bearer": tokens.issue(db, site, app, membership.user),
            }
            for membership in tenant.memberships
        ],
    }


def _shown_products(db: Session, site: Site, app: App) -> list[dict[str, Any]]:
    found = (
        select(Product)
        .where(Product.app_id == app.id, Product.archived_at.is_(None))
        .options(selectinload(Product.prices))
        .order_by(Product.position, Product.id)
    )
    connected = [account.provider for account in provider_accounts.of(db, app)]
    return [
        {
            "uuid": str(product.uuid),
            "slug": product.slug,
            "name": product.name,
            "article_id": product.article_id,
            "article_type_id": product.article_type_id,
            "prices": [
                _shown_price(site, price, connected)
                for price in product.prices
                if price.archived_at is None
            ],
        }
        for product in db.scalars(found)
    ]


def _shown_price(site: Site, price: Price, connected: Sequence[str]) -> dict[str, Any]:
    mode: Mode = "subscription" if price.is_recurring else "payment"
    return {
        "uuid": str(price.uuid),
        "price_id": price.price_id,
        "currency": price.currency,
        "unit_amount": price.unit_amount,
        "interval": price.interval,
        "providers": [
            provider
            for provider in connected
            if site.capabilities(provider).offers(mode, price.currency)
        ],
    }


def _reverse_last(rates: Sequence[TaxRate]) -> list[TaxRate]:
    return sorted(rates, key=lambda rate: (rate.is_reverse_charge, rate.id))


def _shown_rate(rate: TaxRate) -> dict[str, Any]:
    return {
        "uuid": str(rate.uuid),
        "tax_rate_id": rate.tax_rate_id,
        "country": rate.country,
        "percentage": _number(rate.percentage),
    }


def _number(percentage: Decimal) -> int | float:
    return int(percentage) if percentage == int(percentage) else float(percentage)

"""The checklist of a new app: what is left until its first sale, told from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, exists, select
from sqlalchemy.orm import Session

from app.billing.text import Text
from app.db.base import table
from app.models import (
    ApiKey,
    App,
    Origin,
    PortalLink,
    Price,
    Product,
    ProviderAccount,
    TaxRate,
    Tenant,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `path` is its page below the app's console; `why` is for who has not done
    it."""

    name: str
    title: Text
    why: Text
    path: str
    is_done: bool = False


_STEPS = (
    Step(
        "provider",
        Text("Connect a payment provider"),
        Text("Stripe or Mollie takes the money. Begin with test keys: nothing is charged."),
        "providers",
    ),
    Step(
        "product",
        Text("Add a product with a price"),
        Text("What tenants choose on the plans page: monthly, yearly or once."),
        "catalogue",
    ),
    Step(
        "tax",
        Text("Set the tax rates"),
        Text("One for each country you charge VAT in, so that totals and invoices are right."),
        "catalogue/tax",
    ),
    Step(
        "origin",
        Text("Register your app’s origins"),
        Text("Payers are sent back there after paying, and nowhere else."),
        "integration/origins",
    ),
    Step(
        "key",
        Text("Create an API key"),
        Text("Your server makes portal links and checkouts with it."),
        "integration/keys",
    ),
    Step(
        "link",
        Text("Send the first portal link"),
        Text("Make a tenant and let its admin in: from there they buy by themselves."),
        "customers",
    ),
)


def of(db: Session, app: App) -> list[Step]:
    """Answer the steps of an app in their order, each done or not, in one query; none at all once
    every one is done."""
    done = db.execute(_DONE, {"app_id": app.id}).one()._asdict()
    if all(done.values()):
        return []
    return [_marked(step, done) for step in _STEPS]


def _marked(step: Step, done: Mapping[str, bool]) -> Step:
    return Step(step.name, step.title, step.why, step.path, bool(done[step.name]))


_APP: BindParameter[int] = bindparam("app_id")
_ACCOUNT, _PRODUCT, _PRICE = table(ProviderAccount), table(Product), table(Price)
_RATE, _ORIGIN, _KEY = table(TaxRate), table(Origin), table(ApiKey)
_LINK, _TENANT = table(PortalLink), table(Tenant)
_DONE = select(
    exists()
    .where(
        _ACCOUNT.c.app_id == _APP,
        _ACCOUNT.c.disconnected_at.is_(None),
        _ACCOUNT.c.deleted_at.is_(None),
    )
    .label("provider"),
    exists()
    .where(
        _PRODUCT.c.app_id == _APP,
        _PRODUCT.c.archived_at.is_(None),
        _PRODUCT.c.deleted_at.is_(None),
        _PRICE.c.product_id == _PRODUCT.c.id,
        _PRICE.c.archived_at.is_(None),
        _PRICE.c.deleted_at.is_(None),
    )
    .label("product"),
    exists()
    .where(_RATE.c.app_id == _APP, _RATE.c.archived_at.is_(None), _RATE.c.deleted_at.is_(None))
    .label("tax"),
    exists().where(_ORIGIN.c.app_id == _APP, _ORIGIN.c.deleted_at.is_(None)).label("origin"),
    exists()
    .where(_KEY.c.app_id == _APP, _KEY.c.revoked_at.is_(None), _KEY.c.deleted_at.is_(None))
    .label("key"),
    exists().where(_TENANT.c.app_id == _APP, _LINK.c.tenant_id == _TENANT.c.id).label("link"),
)

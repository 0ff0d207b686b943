"""Fills a PostgreSQL database with what an app sold: many rows of each kind, by SQL."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Column, TextClause, text
from sqlalchemy.orm import Session

from app.db.base import Base, table
from app.models import (
    CheckoutSession,
    Invoice,
    Payment,
    ProviderAccount,
    ProviderEvent,
    Subscription,
    Tenant,
    WebhookEndpoint,
    WebhookEvent,
)

PER_TENANT = 100
# Of a thousand checkouts so many become plans, payments and calls.
_SHARES: dict[type[Base], int] = {
    Subscription: 250,
    Payment: 500,
    Invoice: 250,
    ProviderEvent: 500,
    WebhookEvent: 250,
}
_DAY = "now() - n % 1000 * interval '1 day' - n % 86400 * interval '1 second'"
_AMOUNTS = {"currency": "'EUR'", "net": "1900 + n % 7", "tax": "361", "total": "2261 + n % 7"}
_MOST: Mapping[str, str] = {
    "uuid": "gen_random_uuid()",
    "created_at": _DAY,
    "updated_at": "now()",
    "app_id": ":app",
    "provider_account_id": ":account",
    "tenant_id": ":first + n / :per_tenant",
    "price_id": ":price",
    "livemode": "false",
    "quantity": "1 + n % 9",
    **_AMOUNTS,
}
_SQL: dict[type[Base], Mapping[str, str]] = {
    Tenant: {"name": "'Stock ' || n", "name_key": "'stock ' || n"},
    CheckoutSession: {
        "origin": "'portal'",
        "mode": "'subscription'",
        "family": "'default'",
        "order_digest": "'stock'",
        "state": "(ARRAY['complete','expired','complete','canceled','not_charged'])[1 + n % 5]",
        "description": "'Team, monthly'",
        "return_key": "'key'",
        "payment_uuid": "gen_random_uuid()",
        "provider_id": "'cs_stock_' || n",
        "email": "CASE WHEN n % 10 = 0 THEN 'payer' || n || '@stock.example' END",
        "reference": "CASE WHEN n % 10 = 0 THEN 'ORDER-' || n END",
        "ended_at": _DAY,
    },
    Subscription: {
        "family": "'default-' || n",
        "status": "CASE WHEN n % 500 = 3 THEN 'past_due' WHEN n % 5 = 1 THEN 'canceled'"
        " WHEN n % 5 = 2 THEN 'trialing' ELSE 'active' END",
        "provider_id": "'sub_stock_' || n",
        "started_at": _DAY,
        "anchor_at": _DAY,
        "period_start": _DAY,
        "ended_at": "CASE WHEN n % 5 = 1 THEN now() - n % 400 * interval '1 day' END",
    },
    Payment: {
        "provider_id": "'pi_stock_' || n",
        "status": "(ARRAY['paid','paid','failed','paid','paid'])[1 + n % 5]",
        "amount": "2261",
        "refunded": "CASE WHEN n % 50 = 0 THEN 2261 WHEN n % 50 = 5 THEN 100 ELSE 0 END",
        "charged_back": "CASE WHEN n % 500 = 0 THEN 2261 ELSE 0 END",
        "attempted_at": _DAY,
    },
    Invoice: {
        "number": "n",
        "document_number": "'STOCK-' || n",
        "provider_id": "'in_stock_' || n",
        "status": "(ARRAY['paid','paid','open'])[1 + n % 3]",
        "listed_as": "CASE WHEN n % 3 = 2 THEN 'open' WHEN n % 500 = 0 THEN 'charged_back'"
        " WHEN n % 50 = 0 THEN 'refunded' ELSE 'paid' END",
        "seller": "'{}'",
        "buyer": "'{}'",
        "issued_at": _DAY,
    },
    ProviderEvent: {
        "provider_event_id": "'evt_stock_' || n",
        "type": "'invoice.paid'",
        "object_id": "'sub_stock_' || n",
        "payload": "'{}'",
        "state": "CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'done' END",
        "received_at": _DAY,
        "next_try_at": _DAY,
    },
    WebhookEvent: {
        "effect": "'stock:' || n",
        "lane": "n",
        "type": "'checkout.completed'",
        "payload": "'{}'",
        "at": _DAY,
        "is_handed_out": "true",
    },
}
_ALSO = (
    """
    INSERT INTO refund (uuid, created_at, updated_at, payment_id, provider_account_id, provider_id,
        status, amount, currency, reason, recorded_at)
    SELECT gen_random_uuid(), now(), now(), id, provider_account_id, 're_' || provider_id,
        'refunded', 100, 'EUR', 'owner', attempted_at
    FROM payment WHERE provider_id LIKE 'pi_stock_%' AND id % 50 = 0
    """,
    """
    INSERT INTO webhook_delivery (uuid, created_at, updated_at, webhook_event_id,
        webhook_endpoint_id, lane, state, tries_left)
    SELECT gen_random_uuid(), now(), now(), id, :endpoint, lane,
        CASE WHEN id % 1000 = 0 THEN 'failed' ELSE 'delivered' END, 0
    FROM webhook_event WHERE effect LIKE 'stock:%'
    """,
)


def fill(db: Session, account: ProviderAccount, *, price_id: int, count: int) -> None:
    """Write so many checkouts, a hundred to a tenant, with plans, payments, invoices, events and
    deliveries in proportion, and look how they are spread. Commits."""
    endpoint = WebhookEndpoint(app_id=account.app_id, url="https://stock.example", sealed_secret="")
    db.add(endpoint)
    db.flush()
    given = {
        "app": account.app_id,
        "account": account.id,
        "price": price_id,
        "endpoint": endpoint.id,
        "per_tenant": PER_TENANT,
    }
    db.execute(_insert(Tenant), {**given, "first": 0, "count": count // PER_TENANT + 1})
    given["first"] = db.execute(
        text("SELECT min(id) FROM tenant WHERE name LIKE 'Stock %'")
    ).scalar_one()
    for model in _SQL:
        if model is not Tenant:
            share = _SHARES.get(model, 1000)
            db.execute(_insert(model), {**given, "count": count * share // 1000})
    for statement in _ALSO:
        db.execute(text(statement), given)
    db.commit()
    db.execute(text("ANALYZE"))
    db.commit()


def _insert(model: type[Base]) -> TextClause:
    names = {**_MOST, **_SQL[model]}
    columns = {
        column.name: names.get(column.name) or _default(column)
        for column in table(model).columns
        if column.name != "id" and (column.name in names or not column.nullable)
    }
    return text(
        f"INSERT INTO {table(model).name} ({', '.join(columns)})"
        f" SELECT {', '.join(columns.values())} FROM generate_series(1, :count) AS n"
    )


def _default(column: Column[object]) -> str:
    default = column.default
    assert default is not None, f"{column} needs a line in _SQL"
    if default.is_scalar:
        value = default.arg  # type: ignore[attr-defined]
        return str(value).lower() if isinstance(value, bool) else f"'{value}'"
    return "'[]'"

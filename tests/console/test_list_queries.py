"""The console's lists and searches on PostgreSQL: no question reads a whole table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select, text
from sqlalchemy.orm import Session

from app.db.engine import Database
from app.models import (
    CheckoutSession,
    Invoice,
    Payment,
    ProviderEvent,
    Subscription,
    Tenant,
    WebhookDelivery,
)
from tests.bench import stock
from tests.cast import World
from tests.pages import Visitor

pytestmark = pytest.mark.postgres

_ROWS = 20_000
# Who asks, the app's accounts, where the page begins, whose rows, and the rows themselves.
_MOST_QUESTIONS = 5
_GONE_BACK = ("?state=paid", "?state=partly_refunded", "?state=refunded", "?state=charged_back")
# Tables that grow with what is sold; an app has a handful of accounts, endpoints and prices.
FILLED = {
    *("checkout_session", "subscription", "payment", "invoice", "provider_event"),
    *("webhook_event", "webhook_delivery"),
}
# Of these the test has so few rows that reading all of them would be the quickest way.
LARGE = FILLED | {"tenant", "refund", "act", "timeline_entry", "mail", "membership", "user"}


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def stocked(world: World, db: Session) -> None:
    stock.fill(db, world.account("stripe"), price_id=world.price("team").id, count=_ROWS)


class Questions:
    """What was asked of the database, with its values."""

    def __init__(self, database: Database) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._database = database
        event.listen(database.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Connection, _cursor: object, said: str, *more: Any) -> None:
        if said.lstrip().upper().startswith(("SELECT", "WITH")):
            self.asked.append((said, more[0]))

    def whole_reads(self) -> list[str]:
        """Answer the questions for which a table would be read from end to end, though an index
        could answer, or because none can."""
        asked, self.asked = self.asked, []
        with self._database.engine.connect() as connection:
            cursor = connection.connection.cursor()
            found = list(_read_whole(cursor, asked, FILLED))
            cursor.execute("SET LOCAL enable_seqscan = off")
            return found + list(_read_whole(cursor, asked, LARGE))


def _read_whole(cursor: Any, asked: list[tuple[str, Any]], tables: set[str]) -> Iterator[str]:
    for said, values in asked:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {said}", values)
        found = cursor.fetchone()[0]
        plan = json.loads(found) if isinstance(found, str) else found
        yield from (f"{name}: {said}" for name in _scans(plan[0]["Plan"]) if name in tables)


def _scans(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for inner in node.get("Plans", []):
        yield from _scans(inner)


class TestEveryList:
    def test_is_answered_by_indexes(
        self,
        flask_app: Flask,
        world: World,
        db: Session,
        database: Database,
        stocked: None,
    ) -> None:
        alice = Visitor(flask_app, world.alice)
        here = f"/console/apps/{world.app.uuid}"
        paths = [f"/operations{path}" for path in addresses(db)]
        # Whether a product was sold is asked for one that was, and for one that was not.
        for slug in ("team", "starter"):
            paths.append(f"/catalogue/products/{world.price(slug).product.uuid}/edit")
        db.commit()
        questions = Questions(database)

        read_whole, asked = {}, {}
        for path in paths:
            page = alice.opens(here + path)
            assert page.status in (200, 303), path
            asked[path] = len(questions.asked)
            read_whole[path] = questions.whole_reads()

        assert {path: found for path, found in read_whole.items() if found} == {}
        lists = {path: count for path, count in asked.items() if _is_list(path)}
        assert {path: count for path, count in lists.items() if count > _MOST_QUESTIONS} == {}

    def test_notices_a_question_that_reads_all(
        self, database: Database, stocked: None, db: Session
    ) -> None:
        questions = Questions(database)

        db.execute(text("SELECT count(*) FROM payment WHERE amount = 1"))
        db.commit()

        assert questions.whole_reads()


def _is_list(path: str) -> bool:
    """It shows a page of rows, however many there are, and no single one."""
    kinds = ("checkouts", "subscriptions", "payments", "invoices", "events", "deliveries")
    return path.removeprefix("/operations/").partition("?")[0] in kinds


def addresses(db: Session) -> Iterator[str]:
    """Answer every list with every kind of filter, every search, and a page of each kind."""
    tenant = db.scalars(select(Tenant).where(Tenant.name == "Stock 7")).one().uuid
    for kind, model, state in (
        ("checkouts", CheckoutSession, "expired"),
        ("subscriptions", Subscription, "past_due"),
        ("payments", Payment, "failed"),
        ("invoices", Invoice, "open"),
    ):
        before = _middle(db, model)
        for query in (
            "",
            f"?before={before}",
            f"?state={state}",
            f"?state={state}&before={before}",
            "?provider=stripe",
            "?provider=mollie",
            "?mode=live",
            f"?tenant={tenant}",
            f"?tenant={tenant}&state={state}",
            f"?since=2020-01-01&until=2025-01-01&state={state}",
            "?until=2024-06-01",
            *(_GONE_BACK if kind in ("payments", "invoices") else ()),
        ):
            yield f"/{kind}{query}"
        yield f"/{kind}/{before}"
    for kind, calls, states in (
        ("events", ProviderEvent, ("", "done", "failed", "received")),
        ("deliveries", WebhookDelivery, ("", "delivered", "failed", "waiting")),
    ):
        before = _middle(db, calls)
        yield from (f"/{kind}?state={state}" for state in states)
        yield f"/{kind}?before={before}"
        yield f"/{kind}/{before}"
    yield f"/tenants/{tenant}"
    yield from ("", "/reviews")
    for words in (
        *("sub_stock_77", "pi_stock_77", "cs_stock_77", "in_stock_77", "evt_stock_77", "re_1"),
        *("STOCK-77", "stock 7", "payer10@stock.example", "ORDER-10", "nothing at all"),
        *(str(_middle(db, Payment)), str(_middle(db, CheckoutSession))[:8]),
    ):
        yield f"/search?q={words}"


def _middle(db: Session, model: Any) -> UUID:
    found: UUID = db.scalars(
        select(model.uuid).order_by(model.id).offset(_ROWS // 8).limit(1)
    ).one()
    return found

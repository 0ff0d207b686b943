"""Measures the console's lists, searches and pages in a database of a million checkouts."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.engine import Database
from app.models import (
    App,
    AppMember,
    CheckoutSession,
    Invoice,
    Payment,
    Price,
    ProviderAccount,
    Subscription,
    Tenant,
    User,
)
from tests.bench import load, report, stock, visitors
from tests.bench import measure as measure_
from tests.bench.installation import Installation
from tests.bench.load import Request
from tests.bench.measure import Work
from tests.bench.report import Goal

_LIST_MS = 30
_PAGE_MS = 1500
# One reader at a time: what is measured is the page, not the queue before it.
_CONNECTIONS = 1
_BURSTS = 5


def measure(here: Installation, *, count: int, openings: int) -> list[Goal]:
    """Fill the database with so many rows of each kind, open every list, search and page so often,
    and answer how long they take."""
    database = Database(here.settings["DATABASE_URL"])
    with database.writer() as db:
        account = db.scalars(
            select(ProviderAccount).where(ProviderAccount.provider == "stripe")
        ).one()
        price = db.scalars(select(Price).order_by(Price.id).limit(1)).one()
        stock.fill(db, account, price_id=price.id, count=count)
        app, reader = _owner(db, account.app_id)
        base = f"/console/apps/{app.uuid}/operations"
        lists, pages = list(_lists(db)), ["/health", "/money"]
    database.close()
    cookie = visitors.cookie(here.portal, reader)
    _print_cost(here, base, lists, cookie, openings)
    return [
        *_goals(here, "console lists and searches", base, lists, cookie, openings, _LIST_MS),
        *_goals(here, "health and money", base, pages, cookie, max(openings // 20, 3), _PAGE_MS),
    ]


def _goals(
    here: Installation,
    named: str,
    base: str,
    paths: list[str],
    cookie: str,
    openings: int,
    at_most: float,
) -> list[Goal]:
    seconds: list[float] = []
    wrong = 0
    for path in paths:
        request = Request.get(base + path, {"Cookie": cookie})
        load.send(here.server.port, [request] * 3, _CONNECTIONS)
        answers = load.send(here.server.port, [request] * openings, _CONNECTIONS)
        took = [answer.seconds * 1000 for answer in answers]
        wrong += sum(answer.status not in (200, 303) for answer in answers)
        print(f"  {path:<60}{_p95(took):>8.1f} ms p95", flush=True)
        seconds += took
    return [
        Goal(f"{named}, p95", _p95(seconds), at_most, "ms"),
        Goal("  of these, wrong answers", wrong, 0, ""),
    ]


def _print_cost(
    here: Installation, base: str, paths: list[str], cookie: str, openings: int
) -> None:
    """Print what a list costs in CPU, which other work on the machine moves less than the time."""
    asked = [Request.get(base + path, {"Cookie": cookie}) for path in paths]
    work = Work(
        "console list or search",
        here.server,
        lambda count: [asked[place % len(asked)] for place in range(count)],
        lambda answer: answer.status in (200, 303),
        here.postgres.pid,
    )
    measure_.alternate([work], bursts=_BURSTS, count=openings * 2, warm=len(asked))
    print(report.works([work]), flush=True)


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def _owner(db: Session, app_id: int) -> tuple[App, int]:
    user = User(email="bench@owner.example")
    db.add(user)
    db.flush()
    db.add(AppMember(app_id=app_id, user_id=user.id, role="owner"))
    app = db.get_one(App, app_id)
    db.commit()
    return app, user.id


def _lists(db: Session) -> Iterator[str]:
    tenant = db.scalars(select(Tenant).where(Tenant.name == "Stock 7")).one().uuid
    for kind, model, state in (
        ("checkouts", CheckoutSession, "expired"),
        ("subscriptions", Subscription, "past_due"),
        ("payments", Payment, "failed"),
        ("invoices", Invoice, "open"),
    ):
        middle = db.scalars(select(model).order_by(model.id).offset(500).limit(1)).one().uuid
        yield from (
            f"/{kind}{query}"
            for query in (
                "",
                f"?before={middle}",
                f"?state={state}",
                f"?state={state}&until=2024-12-01",
                f"?tenant={tenant}",
            )
        )
        yield f"/{kind}/{middle}"
    for words in ("sub_stock_77", "STOCK-77", "stock%207", "payer10@stock.example", "nothing"):
        yield f"/search?q={words}"
    yield from (f"/tenants/{tenant}", "/reviews", "/events", "/events?state=failed", "/deliveries")

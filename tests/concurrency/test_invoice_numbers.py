"""Invoice numbers have no gaps, however many take one at once and however many fail after it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.billing.invoicing import invoice_numbers
from app.db import once
from app.db.engine import Database
from app.models import Invoice
from tests import together
from tests.cast import World

THREADS = 8
EACH = 6


def draft(world: World, *, livemode: bool) -> dict[str, Any]:
    """Answer an invoice that has no number yet."""
    return {
        "app_id": world.app.id,
        "provider_account_id": world.account("mollie").id,
        "livemode": livemode,
        "status": "paid",
        "listed_as": "paid",
        "currency": "EUR",
        "net": 100,
        "tax": 19,
        "total": 119,
        "seller": {},
        "buyer": {},
        "issued_at": world.app.created_at,
    }


def numbers(world: World, *, livemode: bool) -> list[tuple[int | None, str | None]]:
    found = select(Invoice.number, Invoice.document_number).where(Invoice.livemode == livemode)
    rows = world.db.execute(found.order_by(Invoice.number)).all()
    world.db.commit()
    return [(row[0], row[1]) for row in rows]


def test_are_taken_without_gaps_while_every_third_fails(database: Database, world: World) -> None:
    values, app_id = draft(world, livemode=False), world.app.id
    world.db.commit()

    def issue(place: int) -> int:
        kept = 0
        for turn in range(EACH):
            with database.writer() as db:
                row_id = once.insert(db, Invoice, values)
                assert row_id is not None
                invoice_numbers.give(db, row_id, app_id, livemode=False)
                if (place + turn) % 3:
                    db.commit()
                    kept += 1
                else:
                    db.rollback()
        return kept

    kept = sum(together.each(issue, range(THREADS)))

    expected = [(number, f"TEST-ACME-{number:06d}") for number in range(1, kept + 1)]
    assert kept == THREADS * EACH * 2 // 3
    assert numbers(world, livemode=False) == expected


def test_count_tests_and_real_ones_apart(database: Database, world: World) -> None:
    app_id = world.app.id
    for livemode in (False, True, True, False, True):
        values = draft(world, livemode=livemode)
        world.db.commit()
        with database.writer() as db:
            row_id = once.insert(db, Invoice, values)
            assert row_id is not None
            invoice_numbers.give(db, row_id, app_id, livemode=livemode)
            db.commit()

    assert [number for number, _ in numbers(world, livemode=False)] == [1, 2]
    assert numbers(world, livemode=True) == [
        (1, "ACME-000001"),
        (2, "ACME-000002"),
        (3, "ACME-000003"),
    ]

"""Measures the overview, and the gauges, in a small database and in one of a million rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg

from tests.bench import measure as measure_
from tests.bench import report, visitors
from tests.bench.installation import Installation
from tests.bench.load import Answer, Request
from tests.bench.measure import Work
from tests.bench.report import Goal

_MOST = 1.2
_BURSTS = 5
_LOAD = (
    # Rows like one that is there, each with names of its own and spread over the tenants.
    """
    INSERT INTO checkout_session ({columns})
    SELECT {values} FROM generate_series(1, {count}) AS n
    CROSS JOIN (SELECT * FROM checkout_session ORDER BY id LIMIT 1) AS c
    CROSS JOIN (SELECT min(id) AS low, max(id) - min(id) + 1 AS many FROM tenant) AS t
    """,
)
_OWN = {
    "uuid": "gen_random_uuid()",
    "payment_uuid": "gen_random_uuid()",
    "tenant_id": "t.low + n % t.many",
    "slot": "NULL",
    "payable": "NULL",
    "provider_id": "'cs_scale_' || '{mark}' || n",
    "state": "CASE n % 3 WHEN 0 THEN 'complete' ELSE 'expired' END",
    "next_check_at": "NULL",
    "superseded_by_id": "NULL",
    "created_at": "now() - n % 1000 * interval '1 day'",
    "paid_at": "CASE n % 3 WHEN 0 THEN now() - interval '1 day' END",
}
_OTHERS = (
    """
    INSERT INTO provider_event (uuid, created_at, updated_at, provider_account_id,
        provider_event_id, type, object_id, payload, state, tries, received_at, next_try_at)
    SELECT gen_random_uuid(), now(), now(), (SELECT min(id) FROM provider_account),
        'evt_scale_{mark}' || n, 'invoice.paid', 'sub_' || n, '{{}}', 'done', 1, now(), now()
    FROM generate_series(1, {count}) AS n
    """,
    """
    INSERT INTO timeline_entry (uuid, created_at, updated_at, app_id, tenant_id, livemode, kind,
        cause, at)
    SELECT gen_random_uuid(), now(), now(), t.app_id, t.id, false, 'checkout.complete', 'bench',
        now() - n % 1000 * interval '1 day'
    FROM generate_series(1, {count}) AS n
    JOIN LATERAL (SELECT min(id) AS low, max(id) - min(id) + 1 AS many FROM tenant) AS m ON true
    JOIN tenant AS t ON t.id = m.low + n % m.many
    """,
)


def measure(here: Installation, *, small: int, large: int, openings: int) -> list[Goal]:
    """Open the overview of many tenants, and the gauges, with so few and so many rows, and answer
    what they cost: CPU of the server and of PostgreSQL, which other work on the machine moves less
    than it moves the time."""
    _fill(here, small, "a")
    before = _costs(here, f"with {small} rows", openings)
    _fill(here, large - small, "b")
    after = _costs(here, f"with {large} rows", openings)
    print(report.works([*before, *after]), flush=True)
    return [
        report.ratio(after[0], before[0], _MOST),
        report.ratio(after[1], before[1], None),
    ]


def _fill(here: Installation, count: int, mark: str) -> None:
    with psycopg.connect(here.postgres.url, autocommit=True) as db:
        named = db.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name ="
            " 'checkout_session' AND column_name != 'id' ORDER BY ordinal_position"
        )
        columns = [str(row[0]) for row in named]
        values = [_OWN.get(name, f"c.{name}").format(mark=mark) for name in columns]
        for statement in (*_LOAD, *_OTHERS):
            said = statement.format(
                columns=", ".join(columns), values=", ".join(values), count=count, mark=mark
            )
            db.execute(said.encode())
        db.execute("VACUUM ANALYZE")
        # What is still to be written out would be counted with the pages.
        db.execute("CHECKPOINT")


def _costs(here: Installation, named: str, openings: int) -> list[Work]:
    overview = Work(
        f"overview {named}", here.server, _overviews(here), _is_overview, here.postgres.pid
    )
    gauges = Work(f"gauges {named}", here.server, _gauges, _is_gauges, here.postgres.pid)
    measure_.alternate([overview, gauges], bursts=_BURSTS, count=openings, warm=64)
    return [overview, gauges]


def _overviews(here: Installation) -> Callable[[int], Sequence[Request]]:
    requests = [
        Request.get(f"/t/{buyer.tenant}/", {"Cookie": visitors.cookie(here.portal, buyer.user_id)})
        for buyer in here.world.known[:40]
    ]
    return lambda count: [requests[place % len(requests)] for place in range(count)]


def _gauges(count: int) -> Sequence[Request]:
    return [Request.get("/metrics")] * count


def _is_overview(answer: Answer) -> bool:
    return answer.status == 200 and b"<h1" in answer.body


def _is_gauges(answer: Answer) -> bool:
    return answer.status == 200 and b"paid_but_inactive" in answer.body

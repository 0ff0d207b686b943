"""The timeline: written by one vocabulary, read in parts, each tenant its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.billing import timeline
from app.billing.plans import cancelations
from app.billing.purchase import checkouts
from app.models import TimelineEntry
from tests import payer
from tests.billing import orders_of_apis
from tests.billing.purchases import Buyer

BILLING = Path(__file__).parents[2] / "app/billing"
# A cause that is written out, and a kind that is.
CAUSE = re.compile(r'cause=f?"([a-z]+)[ "]')
KIND = re.compile(
    r'"((?:checkout|subscription|invoice|payment|payment_method)\.[a-z_]+)",\s+cause='
)


class TestTheVocabulary:
    @pytest.mark.parametrize("path", sorted(BILLING.rglob("*.py")), ids=lambda path: path.name)
    def test_is_the_one_every_writer_uses(self, path: Path) -> None:
        source = path.read_text()

        assert set(CAUSE.findall(source)) <= set(timeline.CAUSES)
        assert set(KIND.findall(source)) <= set(timeline.KINDS)

    def test_is_looked_for_where_it_is_written(self) -> None:
        sources = "".join(path.read_text() for path in BILLING.rglob("*.py"))

        assert {"sweep", "clock", "return", "page"} <= set(CAUSE.findall(sources))
        assert "payment.failed" in KIND.findall(sources)

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_covers_a_whole_life(self, tara: Buyer, method: str) -> None:
        placed = tara.buys(method=method)
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))
        tara.waits("1 month")
        tara.waits("2 hours")
        tara.sweeps()
        cancelations.cancel(tara.db, tara.site, membership=tara.membership)
        tara.waits("1 month")
        tara.sweeps()

        entries = tara.rows(TimelineEntry)

        assert {entry.kind for entry in entries} <= set(timeline.KINDS)
        assert {entry.cause.partition(" ")[0] for entry in entries} <= set(timeline.CAUSES)
        by_tara = timeline.by_user(tara.user.uuid)
        assert [entry.kind for entry in entries if entry.cause == by_tara][:2] == [
            "checkout.open",
            "subscription.cancel_asked",
        ]
        turns = [entry for entry in entries if entry.kind == f"subscription.{entry.after}"]
        assert [entry.before for entry in turns] == [None, *(entry.after for entry in turns[:-1])]
        assert turns[-1].after == "canceled"


class TestACaller:
    def test_is_named_by_its_key(self, tara: Buyer) -> None:
        key = timeline.by_key(tara.user.uuid)
        checkouts.create(tara.db, tara.site, orders_of_apis.order(tara.world), cause=key)

        assert [entry.cause for entry in tara.rows(TimelineEntry)] == [key]


class TestAPart:
    def test_holds_the_newest_and_leads_to_the_rest(self, tara: Buyer) -> None:
        plan = tara.world.begin_plan(tara.world.globex)
        for number in range(5):
            timeline.note(
                tara.db, plan, "subscription.active", cause="sweep", now=plan.started_at,
                details={"number": number},
            )  # fmt: skip
        tara.db.commit()
        tenant = tara.membership.tenant

        first = timeline.of_tenant(tara.db, tenant, limit=2)
        second = timeline.of_tenant(tara.db, tenant, limit=2, before=first.older)
        third = timeline.of_tenant(tara.db, tenant, limit=2, before=second.older)

        numbers = [
            [told.entry.details["number"] for told in part.happenings if told.entry.details]
            for part in (first, second, third)
        ]
        assert numbers == [[4, 3], [2, 1], [0]]
        assert third.older is None

    def test_knows_no_other_tenants_entries(self, tara: Buyer, peter: Buyer) -> None:
        plan = tara.world.begin_plan(tara.world.globex)
        timeline.note(tara.db, plan, "subscription.active", cause="sweep", now=plan.started_at)
        tara.db.commit()

        part = timeline.of_tenant(tara.db, peter.membership.tenant)

        assert (part.happenings, part.older) == ([], None)

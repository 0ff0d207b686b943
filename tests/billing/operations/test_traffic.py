"""Traffic: calls in and out, listed page by page, shown without what is secret in them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from app.billing.errors import NotFound
from app.billing.operations import traffic
from app.models import App
from tests.cast import World
from tests.models.rows import Rows


class TestReadable:
    @pytest.mark.parametrize(
        "secret",
        [
            {"client_secret": "cs_1_secret_2"},
            {"data": [{"api_key": "abc"}]},
            {"note": "signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
            {"nested": {"Authorization": "Bearer abc"}},
            {"key": "sk_test_4eC39HqLyjWDarjtT1zdp7dc"},
        ],
    )
    def test_hides_what_is_secret(self, secret: dict[str, object]) -> None:
        shown = traffic.readable(json.dumps(secret))

        assert traffic.HIDDEN in shown
        for word in ("_secret_2", '"abc"', "MfKQ9r8", "Bearer", "4eC39"):
            assert word not in shown

    def test_keeps_all_else_as_it_came(self) -> None:
        told = {"id": "evt_1", "object": {"customer": "cus_1", "amount": 100, "live": None}}

        assert json.loads(traffic.readable(json.dumps(told))) == told
        assert traffic.readable("id=tr_7UhSN1zuXS") == "id=tr_7UhSN1zuXS"


class TestLists:
    def test_go_on_where_they_stopped(self, world: World, db: Session) -> None:
        rows = Rows(world)
        told = [
            rows.event(provider_event_id=f"evt_{number}", state="done" if number else "failed")
            for number in range(5)
        ]
        db.add_all(told)
        db.commit()

        first = traffic.received(db, world.app, limit=3)
        second = traffic.received(db, world.app, before=first.older, limit=3)
        failed = traffic.received(db, world.app, state="failed")

        names = [row.provider_event_id for row in (*first.rows, *second.rows)]
        assert names == [f"evt_{number}" for number in (4, 3, 2, 1, 0)]
        assert second.older is None
        assert [row.provider_event_id for row in failed.rows] == ["evt_0"]

    def test_hold_nothing_of_another_app(self, world: World, db: Session) -> None:
        rows = Rows(world)
        event, delivery = rows.event(), rows.webhook_delivery()
        other = App(name="Other", seller_name="Other", seller_country="DE")
        db.add_all([event, delivery, other])
        db.commit()

        assert [len(traffic.received(db, app).rows) for app in (world.app, other)] == [1, 0]
        assert [len(traffic.sent(db, app).rows) for app in (world.app, other)] == [1, 0]
        for find, uuid in ((traffic.event, event.uuid), (traffic.delivery, delivery.uuid)):
            with pytest.raises(NotFound):
                find(db, other, uuid)

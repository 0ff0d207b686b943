"""The activity page: everything that happened, in words, and who or what caused it."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from app.billing import timeline
from app.models import TimelineEntry
from app.web import happenings
from tests.cast import World
from tests.pages import Visitor

# The same in each process: tests are named after it.
NOBODYS = UUID("7f1d6a52-3f0e-4b57-9a53-0d8a1c5e2b64")


@pytest.fixture
def path(world: World) -> str:
    return f"/t/{world.globex.uuid}/activity"


def tell(world: World, count: int = 1, **fields: object) -> None:
    """Write entries about a plan of Globex."""
    plan = world.begin_plan(world.globex)
    for number in range(count):
        given = {"kind": "subscription.active", "cause": "sweep", **fields}
        timeline.note(world.db, plan, now=plan.started_at, details={"number": number}, **given)  # type: ignore[arg-type]
    world.db.commit()


class TestShow:
    def test_says_that_nothing_has_happened(self, tara: Visitor, path: str) -> None:
        page = tara.opens(path)

        assert page.heading == "Activity of Globex"
        assert "Nothing has happened yet." in page.words()

    def test_names_the_person_who_did_it(
        self, tara: Visitor, milo: Visitor, path: str, world: World
    ) -> None:
        tell(world, cause=timeline.by_user(world.tara.uuid), kind="subscription.cancel_asked")

        assert "End of the plan asked for" in tara.opens(path).words()
        assert "by tara@globex.example" in milo.opens(path).words()

    def test_names_nobody_of_another_tenant(self, tara: Visitor, path: str, world: World) -> None:
        tell(world, cause=timeline.by_user(world.peter.uuid))

        page = tara.opens(path)

        assert "by a person" in page.words()
        assert "peter@" not in page.text

    @pytest.mark.parametrize(
        ("cause", "words"),
        [
            (timeline.by_key(NOBODYS), "by the app"),
            ("event evt_1ABC", "told by the payment provider"),
            ("sweep", "seen in a regular check"),
            ("clock", "because its time had come"),
        ],
    )
    def test_says_what_else_caused_it_and_leaks_no_id(
        self, tara: Visitor, path: str, world: World, cause: str, words: str
    ) -> None:
        tell(world, cause=cause)

        page = tara.opens(path)

        assert words in page.words()
        name = cause.partition(" ")[2]
        assert not name or name not in page.text

    def test_tells_what_a_change_led_to(self, tara: Visitor, path: str, world: World) -> None:
        tell(world, kind="subscription.changed", before="Team × 2", after="Business × 3")

        assert "Plan changed From Team × 2 to Business × 3" in tara.opens(path).words()

    def test_tells_from_what_to_what_a_plan_went(
        self, tara: Visitor, path: str, world: World
    ) -> None:
        tell(world, kind="subscription.past_due", before="active", after="past_due")

        assert "Plan overdue From Active to Payment overdue" in tara.opens(path).words()

    def test_goes_on_to_older_ones_and_back(self, tara: Visitor, path: str, world: World) -> None:
        tell(world, timeline.PAGE + 2)

        first = tara.opens(path)
        (older,) = [a.get("href") or "" for a in first.all("a") if a.get("rel") == "next"]
        second = tara.opens(older)

        assert first.words().count("Plan active") == timeline.PAGE
        assert second.words().count("Plan active") == 2
        assert "Newest" in second.words() and "Older" not in second.words()

    @pytest.mark.parametrize("before", ["", "nonsense", str(NOBODYS)])
    def test_begins_at_the_newest_for_a_place_it_does_not_know(
        self, tara: Visitor, path: str, world: World, before: str
    ) -> None:
        tell(world)

        page = tara.opens(f"{path}?before={before}")

        assert page.status == 200
        assert "Plan active" in page.words()

    def test_shows_nothing_of_another_tenant(self, peter: Visitor, path: str, world: World) -> None:
        tell(world)

        assert peter.opens(path).status == 404
        own = peter.opens(f"/t/{world.initech.uuid}/activity")
        assert "Nothing has happened yet." in own.words()


class TestWords:
    def test_are_there_for_every_kind_and_cause(self, flask_app: Flask) -> None:
        with flask_app.test_request_context():
            known = [happenings.happening(TimelineEntry(kind=kind)) for kind in timeline.KINDS]
            causes = [
                happenings.cause(TimelineEntry(cause=f"{cause} x")) for cause in timeline.CAUSES
            ]
            unknown = happenings.happening(TimelineEntry(kind="plan.sung"))

        assert unknown not in known
        assert len(set(causes)) == len(causes)

"""Whole lives of a plan end in the same rows whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pprint import pformat
from typing import Any, cast
from uuid import uuid4

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.providers.base import Provider
from tests.property import acts, life, rows
from tests.property.acts import Act
from tests.property.conftest import Stage
from tests.property.life import NEWS, Weather
from tests.property.trouble import KINDS, Trouble, WatchedSite

# `make fuzz` looks for these.
pytestmark = pytest.mark.hypothesis

# Month ends, a leap day, the turn of a year, clocks put forward and back.
MORNINGS = tuple(
    datetime(*day, 10, tzinfo=UTC)
    for day in (
        (2027, 3, 10),
        (2027, 1, 31),
        (2028, 2, 29),
        (2026, 12, 31),
        (2027, 3, 28),
        (2027, 10, 31),
    )
)
METHODS = {
    "stripe": ["stripe-card", "stripe-card", "stripe-sepa"],
    "mollie": ["mollie-card", "mollie-card", "mollie-ideal"],
}
PER_COURSE = 3
LOOK = settings(
    # Of each course three lives, in eight tests: 504 in the suite, 10,080 new ones in `make fuzz`.
    max_examples=max(settings().max_examples * 21 // 100, 1),
    suppress_health_check=list(HealthCheck),
    # A life that goes wrong tells all of it; looking for a shorter one takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def beginnings(provider: str) -> st.SearchStrategy[Act]:
    return st.builds(
        acts.Buy,
        method=st.sampled_from(METHODS[provider]),
        slug=st.just("team"),
        interval=st.sampled_from(["month", "month", "year"]),
        card=st.sampled_from([acts.GOOD, acts.GOOD, acts.FAILS_LATER]),
    )


def later_acts(provider: str) -> st.SearchStrategy[Act]:
    return st.one_of(
        st.builds(acts.Wait, st.sampled_from(["1 month", "1 month", "1 day", "3 days", "8 days"])),
        st.builds(
            acts.Change,
            st.sampled_from(["team", "business", "starter"]),
            st.sampled_from(["month", "year"]),
            st.integers(1, 4),
            st.sampled_from(["now", "period_end", None]),
        ),
        st.just(acts.Cancel()),
        st.just(acts.Resume()),
        st.just(acts.Drop()),
        st.builds(
            acts.AddMethod,
            st.just(f"{provider}-card"),
            st.sampled_from([acts.GOOD, acts.FAILS_LATER]),
        ),
        st.builds(acts.MakeDefault, st.sampled_from([0, -1])),
        st.builds(acts.Remove, st.sampled_from([0, -1])),
        st.just(acts.Retry()),
        st.builds(acts.GiveBack, st.sampled_from([None, 100])),
        st.just(acts.ChargeBack()),
    )


TROUBLE = st.builds(Trouble, st.sampled_from(KINDS), st.integers(0, 40))
WEATHER = st.builds(Weather, st.one_of(TROUBLE, TROUBLE, st.none()), st.sampled_from(NEWS))


def _different_in(part: int) -> Callable[[Any], Any]:
    """Other examples in each part of the suite; `make fuzz` has new ones anyway."""
    return hypothesis.seed(part) if settings().derandomize else lambda test: test


def _story(moment: datetime, course: list[Act], weather: list[Weather], wrong: Any) -> str:
    steps = zip_longest(course, weather[: len(course)])
    told = "\n".join(f"  {act}\n    {met}" for act, met in steps)
    return f"on {moment}\n{told}\n{pformat(wrong, width=150)}"


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("provider", ["stripe", "mollie"])
class TestWholeLives:
    def test_end_in_the_rows_of_the_faultless_one(
        self, provider: str, part: int, stage: Stage
    ) -> None:
        @LOOK
        @_different_in(part)
        @given(
            moment=st.sampled_from(MORNINGS),
            first=beginnings(provider),
            later=st.lists(later_acts(provider), min_size=1, max_size=5),
            weathers=st.lists(
                st.lists(WEATHER, min_size=1, max_size=6),
                min_size=PER_COURSE,
                max_size=PER_COURSE,
            ),
        )
        def lived(
            moment: datetime, first: Act, later: list[Act], weathers: list[list[Weather]]
        ) -> None:
            course = [first, *later]
            expected = life.live(stage, moment, course)
            for weather in weathers:
                found = life.live_through(stage, moment, course, weather, expected.calls)
                wrong = rows.differences(expected.rows, found)
                assert wrong == {}, _story(moment, course, weather, wrong)

        lived()


class _Forgetful:
    """An adapter that gives every try a key of its own, and finds nothing that was made before."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._provider, name)
        if name.startswith("find_"):
            return lambda *_, **__: None
        if not callable(verb):
            return verb
        return lambda *given, **named: verb(
            *given, **{word: uuid4().hex if word == "key" else v for word, v in named.items()}
        )


@dataclass(frozen=True)
class _ForgetfulSite(WatchedSite):
    def connect(self, provider: str, sealed_credentials: str) -> Provider:
        return cast(Provider, _Forgetful(super().connect(provider, sealed_credentials)))


@dataclass(frozen=True)
class _ForgetfulStage(Stage):
    def watched(self) -> WatchedSite:
        return _ForgetfulSite(self.site.config, self.site.clock)


class TestALifeThatGoesWrong:
    def test_is_told_from_the_faultless_one(self, stage: Stage) -> None:
        course, moment = [acts.Buy("mollie-card")], MORNINGS[0]
        fields = {name: getattr(stage, name) for name in stage.__dataclass_fields__}
        forgetful = _ForgetfulStage(**fields)
        fair = life.live(forgetful, moment, course)
        assert fair == life.live(stage, moment, course)

        wrong = [
            rows.differences(fair.rows, life.live_through(forgetful, moment, course, [met], calls))
            for call in range(fair.calls[0])
            for met, calls in [(Weather(Trouble("crash after", call)), fair.calls)]
        ]

        # A second page at the provider, and a second subscription, which it refused.
        assert {"at the provider", "Act"} <= {kind for found in wrong for kind in found}

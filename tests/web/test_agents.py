"""The browser and system somebody comes with."""

from __future__ import annotations

import pytest

from app.web import agents


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0.0.0 Safari/537.36 Edg/142", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; iPhone OS 18_5 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("curl/8.9.1", "curl/8.9.1"),
        ("x" * 500, "x" * 40),
        ("", None),
    ],
)
def test_are_said_in_a_few_words(agent: str, said: str | None) -> None:
    assert agents.short(agent) == said

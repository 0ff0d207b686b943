"""Brand colours that stay legible."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import brand


def tokens(digits: str) -> list[dict[str, str]]:
    """Answer the tokens of the light page and of the dark one."""
    blocks = re.findall(r":root\{([^}]*)\}", brand.stylesheet(digits))
    return [dict(pair.split(":") for pair in block.split(";")) for block in blocks]


class TestStylesheet:
    @given(st.integers(0, 0xFFFFFF).map("{:06x}".format))
    def test_is_legible_in_any_colour(self, digits: str) -> None:
        light, dark = tokens(digits)

        for page, surfaces in ((light, ("#ffffff", "#eef0fe")), (dark, ("#0f121a", "#262b45"))):
            assert brand.contrast(page["--brand"], page["--on-brand"]) >= 4.5
            for surface in surfaces:
                assert brand.contrast(page["--brand-text"], surface) >= 4.5

    def test_keeps_a_colour_that_is_legible_already(self) -> None:
        light, _ = tokens("5254d4")

        assert light["--brand"] == "#5254d4"


class TestContrast:
    @pytest.mark.parametrize(
        ("one", "other", "ratio"),
        [("#ffffff", "#000000", 21.0), ("#777777", "#ffffff", 4.48), ("#123456", "#123456", 1.0)],
    )
    def test_is_the_one_of_the_guidelines(self, one: str, other: str, ratio: float) -> None:
        assert brand.contrast(one, other) == pytest.approx(ratio, abs=0.005)


class TestIsColour:
    @pytest.mark.parametrize("text", ["fff", "#5254d4", "5254D4", "5254d4;", "red", ""])
    def test_takes_six_small_digits_and_nothing_else(self, text: str) -> None:
        assert not brand.is_colour(text)

"""Which addresses are paths of ours."""

from __future__ import annotations

import pytest

from app.web import addresses


class TestOwnPath:
    @pytest.mark.parametrize("address", ["/", "/t/1/plans?plan=team&next=https://x.example#a"])
    def test_is_one_that_stays_here(self, address: str) -> None:
        assert addresses.own_path(address) == address

    @pytest.mark.parametrize(
        "address",
        [
            None,
            "",
            "plans",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x",
            "https://evil.example/",
            "javascript:alert(1)",
        ],
    )
    def test_is_none_that_could_lead_away(self, address: str | None) -> None:
        assert addresses.own_path(address) is None

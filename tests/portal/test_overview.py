"""The overview of a tenant that has bought nothing; with a plan see test_checkouts."""

from __future__ import annotations

import pytest

from tests.cast import World
from tests.pages import Visitor


@pytest.fixture
def path(world: World) -> str:
    return f"/t/{world.globex.uuid}/"


class TestShow:
    def test_says_that_nothing_runs_and_nothing_will_be_charged(
        self, tara: Visitor, path: str
    ) -> None:
        page = tara.opens(path)

        assert page.heading == "Billing for Globex"
        assert "No plan yet" in page.words()
        assert "Nothing will be charged." in page.words()
        assert not page.has("plan-status")

    def test_says_that_no_money_moves_in_test_mode(self, tara: Visitor, path: str) -> None:
        assert "Test mode: no money moves." in tara.opens(path).words()

    def test_tells_a_member_who_can_buy(self, milo: Visitor, path: str) -> None:
        page = milo.opens(path)

        assert page.status == 200
        assert "Ask tara@globex.example." in page.words()

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.opens(path).status == 404

    def test_asks_nobody_to_sign_in(self, nobody: Visitor, path: str) -> None:
        assert nobody.opens(path).location == f"/sign-in?next={path}"

    @pytest.mark.parametrize("uuid", ["0", "not-a-uuid", "ba57f25e-5e19-4559-8a8b"])
    def test_does_not_exist_without_a_uuid(self, tara: Visitor, uuid: str) -> None:
        assert tara.opens(f"/t/{uuid}/").status == 404

    def test_takes_no_other_method(self, tara: Visitor, path: str) -> None:
        page = tara.posts(path)

        assert page.status == 405
        assert "GET" in page.headers["Allow"]

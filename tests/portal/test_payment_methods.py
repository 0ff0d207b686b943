"""Payment methods, and adding one."""

from __future__ import annotations

import pytest

from tests import payer
from tests.cast import World
from tests.pages import Visitor
from tests.sandbox_server import SandboxServer


@pytest.fixture
def path(world: World) -> str:
    return f"/t/{world.globex.uuid}/payment-methods"


class TestShow:
    def test_says_that_none_is_saved(self, tara: Visitor, path: str) -> None:
        assert "None is saved yet." in tara.opens(path).words()

    def test_offers_a_member_nothing_to_add(self, milo: Visitor, path: str) -> None:
        page = milo.opens(path)

        assert f"{path}/new" not in [a.get("href") for a in page.all("a")]

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.opens(path).status == 404
        assert peter.opens(f"{path}/new").status == 404


class TestAdd:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_saves_a_card_at_the_provider(
        self, tara: Visitor, path: str, sandbox: SandboxServer, method: str
    ) -> None:
        sent = tara.posts(f"{path}/new", {"method": method})
        assert sent.location.startswith(sandbox.url)
        back = payer.pays(sent.location)
        assert back is not None

        page = tara.opens(tara.opens(back).location)

        assert page.at("checkout-status").get("data-status") == "active"
        assert page.heading == "Your payment method is saved"
        assert "Visa ending" in tara.opens(path).words()

    def test_asks_where_to_save_it(self, tara: Visitor, path: str) -> None:
        page = tara.posts(f"{path}/new")

        assert page.status == 422
        assert page.problems == ["Choose where to save it."]

    def test_refuses_a_method_that_is_not_offered(self, tara: Visitor, path: str) -> None:
        assert tara.posts(f"{path}/new", {"method": "stripe-barter"}).status == 422

    def test_says_when_the_provider_does_not_answer(
        self, tara: Visitor, path: str, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", times=50)

        page = tara.posts(f"{path}/new", {"method": "stripe-card"})

        assert page.status == 503
        assert len(page.problems) == 1

    def test_refuses_a_member(self, milo: Visitor, path: str) -> None:
        page = milo.posts(f"{path}/new", {"method": "stripe-card"})

        assert page.status == 403

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.posts(f"{path}/new", {"method": "stripe-card"}).status == 404

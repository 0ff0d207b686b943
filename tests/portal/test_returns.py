"""Where a payer lands after the provider's page; what is looked up there is tested in billing."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.billing.site import Site
from tests import payer
from tests.cast import World
from tests.pages import Visitor


@pytest.fixture
def paid(tara: Visitor, world: World) -> str:
    """Answer the return address of a purchase that was just paid."""
    price = world.price("team", "year").price_id
    world.db.commit()
    path = f"/t/{world.globex.uuid}/checkout"
    shown = tara.opens(f"{path}?price={price}&quantity=1&method=stripe-card")
    back = payer.pays(tara.posts(path, {**shown.fields(path), "act": "pay"}).location)
    assert back is not None
    return back


class TestComeBack:
    def test_sends_on_to_the_page_in_the_portal(
        self, tara: Visitor, milo: Visitor, paid: str, world: World
    ) -> None:
        for member in (tara, milo):
            page = member.opens(paid)

            assert page.status == 303
            assert f"/t/{world.globex.uuid}/checkouts/" in page.location

    def test_sends_whoever_may_not_open_that_to_the_page_of_this_order_only(
        self, nobody: Visitor, peter: Visitor, paid: str
    ) -> None:
        for stranger in (nobody, peter):
            page = stranger.opens(paid)

            assert page.status == 303
            assert "/pay/" in page.location
            assert stranger.opens(page.location).status == 200

    def test_may_be_opened_again(self, tara: Visitor, paid: str) -> None:
        assert tara.opens(paid).location == tara.opens(paid).location

    def test_needs_the_secret(self, tara: Visitor, paid: str) -> None:
        forged = paid.rpartition("/")[0] + "/" + "0" * 40

        assert tara.opens(forged).status == 404

    def test_takes_no_form(self, tara: Visitor, paid: str, site: Site, db: Session) -> None:
        path = paid.removeprefix(site.config.PUBLIC_URL)

        assert tara.posts(path).status == 405

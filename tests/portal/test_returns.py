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
    def test_sends_on_to_the_page_whoever_opens_it(
        self, nobody: Visitor, paid: str, world: World
    ) -> None:
        page = nobody.opens(paid)

        assert page.status == 303
        assert f"/t/{world.globex.uuid}/checkouts/" in page.location
        assert nobody.opens(page.location).location.startswith("/sign-in?next=")

    def test_may_be_opened_again(self, tara: Visitor, paid: str) -> None:
        assert tara.opens(paid).location == tara.opens(paid).location

    def test_needs_the_secret(self, tara: Visitor, paid: str) -> None:
        forged = paid.rpartition("/")[0] + "/" + "0" * 40

        assert tara.opens(forged).status == 404

    def test_takes_no_form(self, tara: Visitor, paid: str, site: Site, db: Session) -> None:
        path = paid.removeprefix(site.config.PUBLIC_URL)

        assert tara.posts(path).status == 405

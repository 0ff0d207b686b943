"""A hundred clicks at once buy once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.billing.ordering import orders
from app.billing.site import Site
from app.models import CheckoutSession
from config import Config
from tests.cast import World
from tests.concurrency import clickers
from tests.concurrency.clickers import Click
from tests.sandbox_server import SandboxServer

METHODS = [("stripe-card", "/stripe/v1/checkout/sessions"), ("mollie-card", "/mollie/v2/payments")]


def order(world: World, site: Site, slug: str, method: str) -> Click:
    """Answer a click on pay for what Tara has just seen."""
    membership = world.membership(world.tara)
    choice = orders.Choice(world.price(slug).price_id, 3, "DE", None, method)
    seen = orders.review(world.db, site, membership=membership, choice=choice)
    world.db.commit()
    choice = orders.Choice(choice.price_id, 3, "DE", None, method, seen.quote_token)
    return Click(world.tara.id, world.globex.uuid, choice)


def creates(sandbox: SandboxServer, path: str) -> int:
    """Answer how many checkouts the provider was asked to make."""
    return len([call for call in sandbox.calls("POST") if call["path"] == path])


@pytest.mark.parametrize(("method", "path"), METHODS)
class TestStart:
    def test_asks_the_provider_once_for_a_hundred_clicks_in_four_processes(
        self,
        world: World,
        site: Site,
        config: Config,
        sandbox: SandboxServer,
        method: str,
        path: str,
    ) -> None:
        click = order(world, site, "team", method)

        outcomes = clickers.click(config, [[click] * 25] * 4)

        assert [outcome.error for outcome in outcomes if outcome.error] == []
        assert len({outcome.url for outcome in outcomes}) == 1
        assert outcomes[0].url is not None
        assert creates(sandbox, path) == 1
        assert len([c for c in sandbox.calls("POST") if c["path"].endswith("/customers")]) == 1
        assert world.db.scalar(select(func.count(CheckoutSession.id))) == 1

    def test_ends_the_first_order_at_the_provider_when_another_one_comes(
        self,
        world: World,
        site: Site,
        config: Config,
        sandbox: SandboxServer,
        method: str,
        path: str,
    ) -> None:
        first, second = (order(world, site, slug, method) for slug in ("team", "business"))
        clickers.click(config, [[first] * 5] * 2)

        outcomes = clickers.click(config, [[second] * 25] * 2)

        states = world.db.execute(
            select(CheckoutSession.state, CheckoutSession.price_id).order_by(CheckoutSession.id)
        ).all()
        assert [outcome.error for outcome in outcomes if outcome.error] == []
        assert len({outcome.url for outcome in outcomes}) == 1
        assert [state for state, _ in states] in (["expired", "open"], ["canceled", "open"])
        assert creates(sandbox, path) == 2

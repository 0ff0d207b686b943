"""Where a price can be sold, and why not where it cannot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import update

from app import providers
from app.billing.catalogue import outlets, provider_prices
from app.billing.site import Site
from app.models import Price, ProviderAccount
from app.providers.base import Capabilities
from tests.billing.purchases import Buyer

STRIPE = providers.capabilities("stripe")
MOLLIE = providers.capabilities("mollie")


def price(currency: str = "EUR", minor: int = 1900, **changed: object) -> Price:
    made = {"interval": "month", "trial_days": 0, "tax_behavior": "exclusive", **changed}
    return Price(currency=currency, unit_amount=minor, **made)


class TestObstacle:
    @pytest.mark.parametrize(
        ("capabilities", "sold", "reason"),
        [
            (STRIPE, price(), None),
            (STRIPE, price("JPY", interval=None), None),
            (STRIPE, price("IRR"), "Stripe does not take IRR."),
            (STRIPE, price("BHD", 1234), "Stripe takes BHD in steps of"),
            (STRIPE, price("BHD", 1230), None),
            (STRIPE, price("MGA", 150), "Stripe takes MGA in steps of"),
            (
                replace(STRIPE, intervals=frozenset({"month"})),
                price(interval="year"),
                "Stripe has no plans of this period.",
            ),
            (
                replace(STRIPE, methods={"payment": STRIPE.methods["payment"]}),
                price(),
                "Stripe has no way to pay in EUR that can be charged again.",
            ),
            (
                replace(STRIPE, methods={}),
                price(interval=None),
                "Stripe has no way to pay once in EUR.",
            ),
            (MOLLIE, price("BRL"), None),
            (
                MOLLIE,
                price("BRL", trial_days=7),
                "Mollie has no way to pay in BRL that can begin a trial.",
            ),
            (MOLLIE, price("KES"), "Mollie does not take KES."),
        ],
    )
    def test_is_what_the_provider_cannot_do(
        self, capabilities: Capabilities, sold: Price, reason: str | None
    ) -> None:
        found = outlets.obstacle(capabilities, sold)

        if reason is None:
            assert found is None
        else:
            assert str(found).startswith(reason)


@dataclass(frozen=True)
class OtherSite(Site):
    """An installation whose providers can do other things."""

    others: dict[str, Capabilities] = field(default_factory=dict)

    def capabilities(self, provider: str) -> Capabilities:
        return self.others.get(provider) or super().capabilities(provider)


class TestOutlets:
    def test_tell_each_account_and_how_it_is_paid_there(self, tara: Buyer) -> None:
        team = tara.world.price("team")

        found = outlets.of(tara.db, tara.site, tara.world.app, [team])[team.id]

        assert [(o.provider_name, o.methods, o.is_sold) for o in found] == [
            ("Stripe", ("card", "sepa"), True),
            ("Mollie", ("card", "ideal", "bancontact", "eps", "paypal"), True),
        ]

    def test_follow_what_the_provider_can_do(self, tara: Buyer) -> None:
        team = tara.world.price("team")
        others = {"mollie": replace(MOLLIE, currencies=frozenset({"USD"}))}
        site = OtherSite(config=tara.site.config, clock=tara.site.clock, others=others)

        stripe, mollie = outlets.of(tara.db, site, tara.world.app, [team])[team.id]

        assert (stripe.is_sold, mollie.is_sold, mollie.methods) == (True, False, ())
        assert str(mollie.obstacle) == "Mollie does not take EUR."

    def test_warn_where_one_alone_is_too_little(self, tara: Buyer) -> None:
        team = tara.world.price("team")
        team.unit_amount = 20

        stripe, mollie = outlets.of(tara.db, tara.site, tara.world.app, [team])[team.id]

        assert stripe.is_sold and "orders of less than" in str(stripe.caution)
        assert mollie.caution is None

    def test_name_the_price_where_it_is_there(self, tara: Buyer) -> None:
        team, account = tara.world.price("team"), tara.world.account("stripe")
        made = provider_prices.ensure(tara.db, tara.site, team, account)

        stripe, mollie = outlets.of(tara.db, tara.site, tara.world.app, [team])[team.id]

        assert (stripe.provider_id, mollie.provider_id) == (made, None)

    def test_begin_with_the_accounts_of_the_present_mode(self, tara: Buyer) -> None:
        account = tara.world.account("stripe")
        tara.db.execute(
            update(ProviderAccount).where(ProviderAccount.id == account.id).values(livemode=True)
        )

        found = outlets.accounts(tara.db, tara.world.app)

        assert [each.provider for each in found] == ["mollie", "stripe"]

"""Outlets: where a price can be sold, how it is paid there, and why it cannot where it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.connecting import provider_accounts
from app.billing.plans import trials
from app.billing.site import Site
from app.billing.text import Text
from app.models import App, Price, ProviderAccount, ProviderPrice
from app.money import Money
from app.providers.base import Capabilities, Mode


@dataclass(frozen=True, slots=True)
class Outlet:
    """One connected account and one price: the ways to pay there by their slugs, or the obstacle.
    `caution` does not hinder every order. `provider_id` is what the provider calls the price, if it
    has it."""

    account: ProviderAccount
    provider_name: str
    methods: tuple[str, ...]
    obstacle: Text | None = None
    caution: Text | None = None
    provider_id: str | None = None

    @property
    def is_sold(self) -> bool:
        """Somebody could pay."""
        return self.obstacle is None


def accounts(db: Session, app: App) -> list[ProviderAccount]:
    """Answer an app's connected accounts, those of its present mode first."""
    return [
        account
        for livemode in (app.livemode, not app.livemode)
        for account in provider_accounts.of(db, app, livemode=livemode)
    ]


def of(db: Session, site: Site, app: App, prices: Iterable[Price]) -> dict[int, list[Outlet]]:
    """Answer the outlets of prices by their id, one for each connected account."""
    prices = list(prices)
    connected = accounts(db, app)
    known = _known(db, prices, connected)
    return {
        price.id: [_outlet(site, price, account, known) for account in connected]
        for price in prices
    }


def obstacle(capabilities: Capabilities, price: Price) -> Text | None:
    """Answer why a provider cannot sell at a price at all."""
    return _unknown_there(capabilities, price) or _no_way_to_pay(capabilities, price)


def keeps(capabilities: Capabilities, price: Price) -> Text | None:
    """Answer why a provider's catalogue cannot hold a price; None where it can."""
    return _unknown_there(capabilities, price)


def _outlet(
    site: Site, price: Price, account: ProviderAccount, known: dict[tuple[int, int], str]
) -> Outlet:
    capabilities = site.capabilities(account.provider)
    hindered = obstacle(capabilities, price)
    return Outlet(
        account=account,
        provider_name=capabilities.name,
        methods=() if hindered else _methods(capabilities, price),
        obstacle=hindered,
        caution=None if hindered else _too_small(capabilities, price),
        provider_id=known.get((price.id, account.id)),
    )


def _known(
    db: Session, prices: list[Price], connected: list[ProviderAccount]
) -> dict[tuple[int, int], str]:
    found = select(
        ProviderPrice.price_id, ProviderPrice.provider_account_id, ProviderPrice.provider_id
    ).where(
        ProviderPrice.price_id.in_([price.id for price in prices]),
        ProviderPrice.provider_account_id.in_([account.id for account in connected]),
        ProviderPrice.provider_id.is_not(None),
    )
    return {(row[0], row[1]): row[2] for row in db.execute(found) if row[2]}


def _mode(price: Price) -> Mode:
    return "subscription" if price.is_recurring else "payment"


def _methods(capabilities: Capabilities, price: Price) -> tuple[str, ...]:
    mode = trials.mode(capabilities, _mode(price), price.trial_days)
    return tuple(method.slug for method in capabilities.offers(mode, price.currency))


def _unknown_there(capabilities: Capabilities, price: Price) -> Text | None:
    values = {"provider": capabilities.name, "currency": price.currency}
    if price.currency not in capabilities.currencies:
        return Text("%(provider)s does not take %(currency)s.", values)
    if price.interval is not None and price.interval not in capabilities.intervals:
        return Text("%(provider)s has no plans of this period.", values)
    step = capabilities.steps.get(price.currency, 1)
    if price.unit_amount % step:
        return Text(
            "%(provider)s takes %(currency)s in steps of %(step)s only.",
            {**values, "step": Money(step, price.currency)},
        )
    return None


def _no_way_to_pay(capabilities: Capabilities, price: Price) -> Text | None:
    if _methods(capabilities, price):
        return None
    values = {"provider": capabilities.name, "currency": price.currency}
    if capabilities.offers(_mode(price), price.currency):
        return Text(
            "%(provider)s has no way to pay in %(currency)s that can begin a trial.", values
        )
    if price.is_recurring:
        return Text(
            "%(provider)s has no way to pay in %(currency)s that can be charged again.", values
        )
    return Text("%(provider)s has no way to pay once in %(currency)s.", values)


def _too_small(capabilities: Capabilities, price: Price) -> Text | None:
    least = capabilities.least.get(price.currency, 1)
    if price.unit_amount >= least:
        return None
    return Text(
        "%(provider)s refuses orders of less than %(least)s in all, tax included.",
        {"provider": capabilities.name, "least": Money(least, price.currency)},
    )

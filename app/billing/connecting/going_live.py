"""Going live: from test mode to real money, as one considered step, and back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import origins
from app.billing.apps import audits
from app.billing.catalogue import products
from app.billing.connecting import provider_accounts, provider_checks, provider_keys
from app.billing.errors import Conflict, Invalid
from app.billing.site import Site
from app.billing.tax import taxes
from app.billing.text import Country, Text
from app.models import App, AppMember, CheckoutSession, Price, ProviderAccount, Subscription
from app.models.checkout_session import PENDING
from app.models.subscription import RUNNING
from app.providers.base import Mode


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to have before real money moves. `path` is its page below the app's console;
    without a needed one nobody can pay, the others can follow."""

    name: str
    title: Text
    why: Text
    path: str
    is_ready: bool
    is_needed: bool = True


def points(db: Session, site: Site, app: App) -> list[Point]:
    """Answer what going live takes, each ready or not."""
    accounts = [a for a in provider_accounts.all_of(db, app) if _is_live(a)]
    return [
        Point(
            "account",
            Text("A live account is connected"),
            Text("Stripe or Mollie takes the money by it."),
            "providers",
            bool(accounts),
        ),
        Point(
            "check",
            Text("Every live account was checked, and works"),
            Text("A check asks the provider; it takes a second and changes nothing."),
            "providers",
            bool(accounts) and all(provider_checks.is_fine(account) for account in accounts),
        ),
        Point(
            "seller",
            Text("The seller’s name and address are filled in"),
            Text("The law wants both on invoices."),
            "settings",
            bool(app.seller_name and app.seller_address and app.seller_country),
        ),
        Point(
            "product",
            Text("A price can be sold at a live account"),
            Text("Without one the plans page is empty."),
            "catalogue",
            any(_sells(site, price, accounts) for price in products.for_sale(db, app.id)),
        ),
        *_advice(db, app),
    ]


def is_ready(found: list[Point]) -> bool:
    """Answer whether nothing that is needed is missing."""
    return all(point.is_ready for point in found if point.is_needed)


def refuse_play(site: Site) -> None:
    """Raise Conflict where no real money may ever move: in the demo, and with the sandbox."""
    if provider_keys.plays(site):
        raise Conflict(
            "This installation runs the demo or its sandbox, so it can never go live. Set up"
            " another one with DEMO off and the real providers."
        )


def go(db: Session, site: Site, member: AppMember, *, typed_name: str) -> None:
    """Let an app sell for real money from now on. Commits.

    Raises Invalid naming `typed_name` where it is not the app's name, and Conflict in the demo or
    while something needed is missing.
    """
    refuse_play(site)
    if typed_name.strip() != member.app.name:
        raise Invalid(
            "Type the name of the app exactly as it is written above.", field="typed_name"
        )
    if not is_ready(points(db, site, member.app)):
        raise Conflict("Something that is needed is still missing. It is listed on this page.")
    _switch(db, member, livemode=True, action="app.went_live")


def live_ties(db: Session, app: App) -> tuple[int, int]:
    """Count the live plans that run and the live checkouts that are pending."""
    plans = select(func.count(Subscription.id)).where(
        Subscription.provider_account_id.in_(_live_accounts(app)), Subscription.status.in_(RUNNING)
    )
    checkouts = select(func.count(CheckoutSession.id)).where(
        CheckoutSession.provider_account_id.in_(_live_accounts(app)),
        CheckoutSession.state.in_(PENDING),
    )
    return db.scalar(plans) or 0, db.scalar(checkouts) or 0


def go_back(db: Session, member: AppMember) -> None:
    """Put an app back into test mode. Commits. Raises Conflict while live plans run or live
    checkouts are pending: their tenants would no longer see them."""
    if any(live_ties(db, member.app)):
        raise Conflict(
            "Live plans still run or live checkouts are still open. Their tenants would no longer"
            " see what they pay for."
        )
    _switch(db, member, livemode=False, action="app.went_back_to_test")


def _advice(db: Session, app: App) -> list[Point]:
    registered = [origin.origin for origin in origins.listed(db, app)]
    rates = {rate.country for rate in taxes.rates(db, app.id)}
    return [
        Point(
            "tax",
            Text("There is a tax rate for %(country)s", {"country": Country(app.seller_country)}),
            Text("Without one nobody there can buy, unless the app charges no tax at all."),
            "catalogue/tax",
            app.seller_country in rates,
            is_needed=False,
        ),
        Point(
            "origins",
            Text("The app’s origins are registered, with https"),
            Text("Payers are sent back there after paying, and nowhere else."),
            "integration/origins",
            bool(registered) and all(origin.startswith("https://") for origin in registered),
            is_needed=False,
        ),
        Point(
            "support",
            Text("There is an e-mail address for support"),
            Text("Mails and payment pages name it to whoever has a question."),
            "settings",
            bool(app.support_email),
            is_needed=False,
        ),
    ]


def _is_live(account: ProviderAccount) -> bool:
    return account.livemode and account.disconnected_at is None


def _sells(site: Site, price: Price, accounts: list[ProviderAccount]) -> bool:
    mode: Mode = "subscription" if price.is_recurring else "payment"
    return any(
        site.capabilities(account.provider).offers(mode, price.currency) for account in accounts
    )


def _live_accounts(app: App) -> Select[int]:
    return select(ProviderAccount.id).where(
        ProviderAccount.app_id == app.id, ProviderAccount.livemode.is_(True)
    )


def _switch(db: Session, member: AppMember, *, livemode: bool, action: str) -> None:
    switched = db.execute(
        update(App)
        .where(App.id == member.app_id, App.livemode.is_not(livemode))
        .values(livemode=livemode)
        .returning(App.id)
    )
    # A second click finds it done, and is not noted again.
    if switched.scalar_one_or_none() is not None:
        audits.note(db, member, action, member.app.name, now=clock.wall())
    db.commit()

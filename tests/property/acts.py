"""What the people of a life do to a plan, each in a press or two that may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from app.billing.methods import method_changes
from app.billing.ordering.orders import Choice
from app.billing.plans import cancelations, plan_changes
from app.billing.plans.plan_changes import PlanChoice
from app.models import Payment, PaymentMethod, Subscription
from app.sandbox import bank
from app.sandbox.gateway import Refusal
from tests import payer
from tests.billing.purchases import Buyer

GOOD, FAILS_LATER = "4242424242424242", "4000000000000341"
# A press of a button: the same again where nobody answered. What it answered is sent back.
Press = Callable[[Buyer], Any]
Steps = Generator[Press, Any, None]


@dataclass(frozen=True)
class Buy:
    """The first purchase: a plan, the method it is paid by, and the card that is typed."""

    method: str
    slug: str = "team"
    interval: str = "month"
    card: str = GOOD

    def steps(self, buyer: Buyer) -> Steps:
        """Look at the figures, press pay, pay at the provider, come back."""
        chosen = buyer.chooses(self.slug, self.interval, method=self.method)
        seen: Choice = yield lambda on: on.sees(chosen)
        placed = yield lambda on: on.places(seen)
        yield from _pays(placed.url, self.method, self.card)


@dataclass(frozen=True)
class AddMethod:
    """Another payment method at the provider of the plan."""

    method: str
    card: str = GOOD

    def steps(self, buyer: Buyer) -> Steps:
        """Press add, confirm at the provider, come back."""
        placed = yield lambda on: on.saves(self.method)
        yield from _pays(placed.url, self.method, self.card)


@dataclass(frozen=True)
class Change:
    """Another plan, period or number of seats."""

    slug: str
    interval: str
    quantity: int
    moment: Literal["now", "period_end"] | None

    def steps(self, buyer: Buyer) -> Steps:
        """Look at what it costs, and confirm."""
        price = buyer.world.price(self.slug, self.interval).price_id
        buyer.db.commit()
        choice = PlanChoice(price, self.quantity, self.moment)
        shown = yield lambda on: plan_changes.preview(
            on.db, on.site, membership=on.membership, choice=choice
        )
        uuid = shown.uuid
        yield lambda on: plan_changes.confirm(
            on.db, on.site, membership=on.membership, change_uuid=uuid
        )


@dataclass(frozen=True)
class Drop:
    """A change that waits is not wanted any more."""

    def steps(self, buyer: Buyer) -> Steps:
        """Press drop."""
        yield lambda on: plan_changes.drop(on.db, on.site, membership=on.membership)


@dataclass(frozen=True)
class Cancel:
    """The plan is to end with its period."""

    def steps(self, buyer: Buyer) -> Steps:
        """Press cancel."""
        yield lambda on: cancelations.cancel(on.db, on.site, membership=on.membership)


@dataclass(frozen=True)
class Resume:
    """The plan goes on after all."""

    def steps(self, buyer: Buyer) -> Steps:
        """Press resume."""
        yield lambda on: cancelations.resume(on.db, on.site, membership=on.membership)


@dataclass(frozen=True)
class MakeDefault:
    """Another method is charged from now on: the oldest or the newest on file."""

    place: Literal[0, -1]

    def steps(self, buyer: Buyer) -> Steps:
        """Press make default."""
        method = _method(buyer, self.place)
        if method is not None:
            yield lambda on: method_changes.make_default(
                on.db, on.site, membership=on.membership, method_uuid=method.uuid
            )


@dataclass(frozen=True)
class Remove:
    """A method goes: the oldest or the newest on file."""

    place: Literal[0, -1]

    def steps(self, buyer: Buyer) -> Steps:
        """Press remove."""
        method = _method(buyer, self.place)
        if method is not None:
            yield lambda on: method_changes.remove(
                on.db, on.site, membership=on.membership, method_uuid=method.uuid
            )


@dataclass(frozen=True)
class Retry:
    """What is due is to be charged now."""

    def steps(self, buyer: Buyer) -> Steps:
        """Press retry, on the page that shows the latest try."""
        plan = buyer.db.scalars(select(Subscription.id).order_by(Subscription.id.desc())).first()
        newest = method_changes.latest_try(buyer.db, plan) if plan else None
        buyer.db.commit()
        seen = str(newest.uuid) if newest else ""
        yield lambda on: method_changes.retry(on.db, on.site, membership=on.membership, seen=seen)


@dataclass(frozen=True)
class GiveBack:
    """The shop gives the latest payment back in the provider's dashboard, or a part of it."""

    amount: int | None

    def steps(self, buyer: Buyer) -> Steps:
        """Do it at the provider, where nothing goes wrong."""
        _at_the_bank(buyer, lambda world, id: bank.refund(world, id, self.amount))
        yield from ()


@dataclass(frozen=True)
class ChargeBack:
    """The payer has the bank take the latest payment back."""

    def steps(self, buyer: Buyer) -> Steps:
        """Do it at the bank, where nothing goes wrong."""
        _at_the_bank(buyer, bank.charge_back)
        yield from ()


@dataclass(frozen=True)
class Wait:
    """Nobody does anything for a while."""

    span: str

    def steps(self, buyer: Buyer) -> Steps:
        """Let time pass at the providers."""
        buyer.waits(self.span)
        yield from ()


Act = (
    Buy | AddMethod | Change | Drop | Cancel | Resume | MakeDefault | Remove | Retry | GiveBack
    | ChargeBack | Wait
)  # fmt: skip


def _pays(url: str | None, method: str, card: str) -> Steps:
    """Fill in the provider's page, which is not ours to fail, and come back from it."""
    if url is None:
        return
    entered = {"card_number": card} if method.endswith("card") else {}
    way_back = payer.pays(url, **entered)
    if way_back is not None:
        yield lambda on: on.comes_back(way_back)


def _method(buyer: Buyer, place: int) -> PaymentMethod | None:
    found = [row for row in buyer.rows(PaymentMethod) if row.removed_at is None]
    return found[place] if found else None


def _at_the_bank(buyer: Buyer, do: Callable[[Any, str], None]) -> None:
    paid = [row for row in buyer.rows(Payment) if row.is_paid]
    if not paid:
        return
    # More than is left, or from a payment that was taken back: the provider will not have it.
    with suppress(bank.NoPayment, Refusal):
        do(buyer.sandbox.app.world, paid[-1].provider_id)

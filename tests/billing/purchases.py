"""An admin at the checkout without a browser: orders, is sent to the provider, and comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.ordering import orders, setups
from app.billing.ordering.orders import Choice, Placed
from app.billing.plans import overviews
from app.billing.plans.overviews import Overview
from app.billing.purchase import receipts
from app.billing.purchase.receipts import Receipt
from app.billing.reconciliation import sweep
from app.billing.reconciliation.sweep import Swept
from app.billing.site import Site
from app.billing.truth import events, returns
from app.models import (
    Act,
    CheckoutSession,
    Membership,
    Payment,
    PaymentMethod,
    Refund,
    Subscription,
    TimelineEntry,
    User,
    WebhookEvent,
)
from app.providers.base import Provider, ProviderEvent
from app.sandbox.deliveries import SENDERS
from tests.cast import World
from tests.sandbox_server import Json, SandboxServer

# Where each provider is asked to make a checkout.
CREATES = {"stripe": "/stripe/v1/checkout/sessions", "mollie": "/mollie/v2/payments"}


@dataclass(frozen=True)
class Buyer:
    """A user of one tenant, buying in the portal."""

    world: World
    site: Site
    sandbox: SandboxServer
    user: User

    @property
    def db(self) -> Session:
        """Answer the session all of this test uses."""
        return self.world.db

    @property
    def membership(self) -> Membership:
        """Answer the user's place in their tenant; no transaction stays open."""
        found = self.world.membership(self.user)
        self.db.commit()
        return found

    def chooses(
        self,
        slug: str = "team",
        interval: str | None = "month",
        *,
        method: str | None = "stripe-card",
        quantity: int = 2,
        country: str = "DE",
        vat_number: str | None = None,
        currency: str = "EUR",
    ) -> Choice:
        """Answer a choice whose figures have not been shown yet."""
        price_id = self.world.price(slug, interval, currency).price_id
        self.db.commit()
        return Choice(price_id, quantity, country, vat_number, method)

    def sees(self, choice: Choice) -> Choice:
        """Answer the choice with the quote its page shows."""
        shown = orders.review(self.db, self.site, membership=self.membership, choice=choice)
        self.db.commit()
        return replace(choice, quote=shown.quote_token)

    def places(self, choice: Choice) -> Placed:
        """Press pay on a choice."""
        return orders.place(self.db, self.site, membership=self.membership, choice=choice)

    def buys(self, slug: str = "team", interval: str | None = "month", **order: Any) -> Placed:
        """Choose, look at the figures, and press pay."""
        return self.places(self.sees(self.chooses(slug, interval, **order)))

    def saves(self, method: str = "stripe-card") -> Placed:
        """Add a payment method."""
        return setups.place(self.db, self.site, membership=self.membership, method=method)

    def comes_back(self, target: str | None) -> str:
        """Follow the address the provider's page sends the payer to, and answer the next one."""
        assert target is not None
        _, word, uuid, secret, *rest = urlsplit(target).path.split("/")
        assert word == "return"
        return returns.come_back(
            self.db,
            self.site,
            uuid=UUID(uuid),
            secret=secret,
            left=rest == ["left"],
            opens_portal=lambda _: True,
        )

    def opens(self, placed: Placed) -> Receipt:
        """Open the page of a checkout."""
        return receipts.show(
            self.db, self.site, membership=self.membership, checkout_uuid=placed.checkout_uuid
        )

    def reads(self, placed: Placed) -> str:
        """Answer what the page of a checkout says."""
        return self.opens(placed).status

    def overview(self) -> Overview:
        """Open the overview."""
        shown = overviews.show(self.db, self.membership.tenant, now=self.site.clock.now())
        self.db.commit()
        return shown

    def waits(self, span: str) -> None:
        """Let time pass, at the providers too."""
        self.sandbox.advance(span)

    def sweeps(self) -> Swept:
        """Run what the worker runs every minute."""
        return sweep.run(self.db, self.site)

    def checkout(self, placed: Placed) -> CheckoutSession:
        """Answer a checkout's row as it is now."""
        (row,) = self.rows(CheckoutSession, CheckoutSession.uuid == placed.checkout_uuid)
        return cast(CheckoutSession, row)

    def plans(self) -> list[tuple[str, bool]]:
        """Answer (status, is a duplicate) of each plan, oldest first."""
        return [(row.status, row.is_duplicate) for row in self.rows(Subscription)]

    def acts(self) -> list[tuple[str, str, str]]:
        """Answer (kind, reason, state) of each act, oldest first."""
        return [(row.kind, row.reason, row.state) for row in self.rows(Act)]

    def payments(self) -> list[tuple[str, int]]:
        """Answer (status, amount) of each attempt to pay, oldest first."""
        return [(row.status, row.amount) for row in self.rows(Payment)]

    def refunds(self) -> list[tuple[int, str]]:
        """Answer (amount, reason) of each refund, oldest first."""
        return [(row.amount, row.reason) for row in self.rows(Refund)]

    def methods(self) -> list[tuple[str, str, bool]]:
        """Answer (type, status, is the default) of each saved method, oldest first."""
        return [(row.type, row.status, row.is_default) for row in self.rows(PaymentMethod)]

    def timeline(self) -> list[str]:
        """Answer what the timeline tells, oldest first."""
        return [row.kind for row in self.rows(TimelineEntry)]

    def told(self) -> list[str]:
        """Answer what the app was told, oldest first."""
        return [row.type for row in self.rows(WebhookEvent)]

    def rows(self, model: Any, *wanted: Any) -> list[Any]:
        """Answer rows as they are in the database now, oldest first."""
        found = self.db.scalars(
            select(model)
            .where(*wanted)
            .order_by(model.id)
            .execution_options(populate_existing=True)
        ).all()
        self.db.commit()
        return list(found)

    def creates(self, provider: str = "stripe") -> int:
        """Answer how many checkouts a provider has made or refused to make."""
        return self.posts(CREATES[provider])

    def posts(self, path: str) -> int:
        """Answer how many calls made something at a path; an id in it is written `*`."""
        return len([call for call in self.sandbox.calls("POST") if _fits(call["path"], path)])

    def forgets_claims(self, *models: Any) -> None:
        """Let the claims of a process that died run out: they count wall time."""
        for model in models:
            self.db.execute(
                update(model)
                .where(model.claimed_until.is_not(None))
                .values(claimed_until=clock.wall() - timedelta(seconds=1))
            )
        self.db.commit()

    def where(self, **verbs: Verb) -> Buyer:
        """Answer the same buyer where a provider does some verbs in another way."""
        known = self.site.verbs if isinstance(self.site, AlteredSite) else {}
        site = AlteredSite(config=self.site.config, clock=self.site.clock, verbs={**known, **verbs})
        return replace(self, site=site)


# A verb done in another way: it is given the real adapter and what the verb was called with.
Verb = Callable[..., Any]


class Died(BaseException):
    """The process ended here."""


class Altered:
    """The real adapter, of which a test does single verbs in another way."""

    def __init__(self, real: Provider, verbs: Mapping[str, Verb]) -> None:
        self._real, self._verbs = real, verbs

    def __getattr__(self, name: str) -> Any:
        real, verb = self._real, self._verbs.get(name)
        if verb is None:
            return getattr(real, name)
        return lambda *given, **named: verb(real, *given, **named)


@dataclass(frozen=True)
class AlteredSite(Site):
    """An installation whose providers do some verbs in another way."""

    verbs: Mapping[str, Verb] = field(default_factory=dict)

    def connect(self, provider: str, sealed_credentials: str) -> Provider:
        """Answer the adapter with its verbs altered."""
        real = super().connect(provider, sealed_credentials)
        return cast(Provider, Altered(real, self.verbs))


def raising(error: BaseException) -> Verb:
    """Answer a verb that does nothing and fails."""

    def verb(_real: Provider, *_given: Any, **_named: Any) -> Any:
        raise error

    return verb


def done_but(name: str, error: BaseException) -> Verb:
    """Answer a verb that is done at the provider, and of which we never hear the answer."""

    def verb(real: Provider, *given: Any, **named: Any) -> Any:
        getattr(real, name)(*given, **named)
        raise error

    return verb


def due_again(buyer: Buyer) -> None:
    """Make every checkout due now, as if its time had come."""
    buyer.db.execute(update(CheckoutSession).values(next_check_at=buyer.site.clock.now()))
    buyer.db.commit()


def deliveries(buyer: Buyer) -> list[tuple[Json, dict[str, str]]]:
    """Answer what the providers posted or tried to post, each with its headers, oldest first.

    It is signed for this test's account: the sandbox is shared with tests that connect it anew.
    """
    account = buyer.world.account("stripe")
    buyer.db.commit()
    buyer.sandbox.wait_idle()
    secret = buyer.site.credentials(account.sealed_credentials).webhook_secret
    rows = buyer.sandbox.app.world.outbox.all()
    mine = [{**row, "extra": {**row["extra"], "secret": secret}} for row in rows]
    return [(row, SENDERS[row["provider"]].headers(row)) for row in mine]


def knock(buyer: Buyer, object_id: str, *, event_id: str | None = None) -> bool:
    """Take a call that names an object; without an event id it is Mollie's."""
    provider = "stripe" if event_id else "mollie"
    account = buyer.world.account(provider)
    event = ProviderEvent(type=None, object_id=object_id, provider_event_id=event_id)
    return events.receive(
        buyer.db, account.id, event, payload=f"id={object_id}", now=buyer.site.clock.now()
    )


def _fits(path: str, pattern: str) -> bool:
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(
        want in ("*", part) for part, want in zip(parts, wanted, strict=True)
    )

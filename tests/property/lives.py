"""The life of one purchase, lived step by step: what the payer, the network and chance can do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.ordering import orders, setups
from app.billing.purchase import checkouts, page_status, receipts
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.billing.tenants import tenants
from app.billing.truth import events, returns
from app.db.engine import Database
from app.models import (
    Act,
    CheckoutSession,
    Membership,
    Payment,
    PaymentMethod,
    Price,
    Product,
    ProviderAccount,
    Refund,
    Subscription,
    Tenant,
    User,
    WebhookEvent,
)
from app.providers import base
from app.providers.base import CheckoutState, Provider
from tests import payer
from tests.property.conftest import Stage
from tests.property.trouble import Crash
from tests.sandbox_server import CALM_DAY, SandboxServer


@dataclasses.dataclass(frozen=True)
class Purchase:
    """What is bought, how, and what the payer does at the provider's page."""

    method: str
    slug: str | None
    interval: str | None
    at_provider: Callable[[str], str | None]


class _Watched:
    """A provider whose next answer can be met by something before it reaches us."""

    def __init__(self, provider: Provider, site: WatchedSite) -> None:
        self._provider, self._site = provider, site

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._provider, name)
        if not callable(verb):
            return verb

        def ask(*words: Any, **named: Any) -> Any:
            return self._site.meet(name, verb(*words, **named))

        return ask


class WatchedSite(Site):
    """The installation, with a place between the provider's answer and what we make of it."""

    meeting: Callable[[str, Any], Any] | None = None

    def connect(self, provider: str, sealed_credentials: str) -> Provider:
        return cast(Provider, _Watched(super().connect(provider, sealed_credentials), self))

    def meet(self, verb: str, answer: Any) -> Any:
        meeting = self.__dict__.pop("meeting", None)
        return answer if meeting is None else meeting(verb, answer)

    def next_answer(self, meeting: Callable[[str, Any], Any]) -> None:
        """Let the next answer of the provider meet this."""
        self.__dict__["meeting"] = meeting


class Life:
    """One purchase from the click to its rows, in a database of its own."""

    def __init__(
        self, database: Database, site: WatchedSite, sandbox: SandboxServer, purchase: Purchase
    ) -> None:
        self.database, self.site, self.sandbox = database, site, sandbox
        self.purchase = purchase
        self.paid_at_provider = False
        self._told: set[str] = set()
        self.placed = self._place()

    def run(self, step: str) -> None:
        """Take one step, then look whether anything is said that is not so."""
        getattr(self, step)()
        self.site.__dict__.pop("meeting", None)
        self.check_truth()

    def act_at_provider(self) -> None:
        """The payer does what they came for, unless that page has ended meanwhile."""
        assert self.placed.url is not None
        with suppress(payer.NoSuchButton):
            self.purchase.at_provider(self.placed.url)

    def come_back(self, *, left: bool = False) -> None:
        """The payer comes back by either address."""
        with self.database.writer() as db:
            path = urlsplit(self._return_url(db)).path.split("/")
            returns.come_back(
                db,
                self.site,
                uuid=UUID(path[2]),
                secret=path[3],
                left=left,
                opens_portal=lambda _: True,
            )

    def leave(self) -> None:
        """The payer uses the provider's back link."""
        self.come_back(left=True)

    def open_page(self) -> None:
        """Somebody opens the checkout's page."""
        with self.database.writer() as db:
            receipts.show(
                db,
                self.site,
                membership=self._membership(db),
                checkout_uuid=self.placed.checkout_uuid,
            )

    def hear(self) -> None:
        """Every event that has not arrived arrives, the newest first."""
        self._deliver([row for row in self.sandbox.deliveries() if row["id"] not in self._told])

    def hear_again(self) -> None:
        """Every event arrives again."""
        self._deliver(self.sandbox.deliveries())

    def sweep(self) -> None:
        """Some minutes pass, and the sweep comes."""
        self.sandbox.advance("6 minutes")
        self._sweep()

    def crash_in_look(self) -> None:
        """A process dies between the provider's answer and the commit."""
        self.site.next_answer(_die)
        self._sync_and_die()

    def crash_in_act(self) -> None:
        """A process dies after something was done at the provider and before we wrote so."""
        self.site.next_answer(lambda verb, answer: self._pass_on(answer, _die))
        self._sync_and_die()

    def overlap(self) -> None:
        """Two looks overlap, and the older answer arrives last."""

        def overtake(_verb: str, older: Any) -> Any:
            self.act_at_provider()
            with self.database.writer() as db:
                checkouts.sync(db, self.site, self._id(db), cause="overtaking")
            return older

        self.site.next_answer(overtake)
        with self.database.writer() as db:
            checkouts.sync(db, self.site, self._id(db), cause="overtaken")

    def told_expired(self) -> None:
        """The provider says once that it expired, although money comes later."""

        def expire(_verb: str, answer: Any) -> Any:
            if isinstance(answer, CheckoutState) and answer.status == "open":
                return dataclasses.replace(answer, status="expired", url=None)
            return answer

        self.site.next_answer(expire)
        with self.database.writer() as db:
            checkouts.sync(db, self.site, self._id(db), cause="told")

    def settle(self) -> None:
        """A week passes, and one sweep comes; what it gave back takes the bank some days more."""
        self.sandbox.advance("7 days")
        self._sweep()
        self.sandbox.advance("3 days")
        self._sweep()
        self.check_truth(is_settled=True)

    def check_truth(self, *, is_settled: bool = False) -> None:
        """Never active without the provider's word; in the end, never failed while money moved."""
        with self.database.writer() as db:
            checkout = db.scalars(
                select(CheckoutSession).where(CheckoutSession.uuid == self.placed.checkout_uuid)
            ).one()
            status = page_status.read(checkout, now=self.site.clock.now())
            if checkout.provider_id is None:
                return
            account = db.get_one(ProviderAccount, checkout.provider_account_id)
            plain = Site.connect(self.site, account.provider, account.sealed_credentials)
            mode = cast(base.Mode, checkout.mode)
            truth = plain.fetch_checkout(checkout.provider_id, mode=mode)
        kept = [p for p in truth.payments if p.status == "paid" and p.amount != p.refunded]
        if status == "active":
            assert truth.status == "complete", (status, truth)
        if is_settled and status in ("not_charged", "expired"):
            assert not kept, (status, truth)

    def rows(self) -> dict[str, Any]:
        """Answer what is remembered in the end, without times and ids."""
        with self.database.reader() as db:
            one = db.scalars(select(CheckoutSession)).one()
            return {
                "checkout": (one.state, one.review, one.paid_at is not None),
                "subscriptions": _all(
                    db, Subscription, "status is_duplicate total settling_until ended"
                ),
                "payments": _all(db, Payment, "status amount refunded method"),
                "refunds": _all(db, Refund, "status amount reason"),
                "methods": _all(db, PaymentMethod, "type status is_default"),
                "acts": _all(db, Act, "kind state reason"),
                # A state on the way is told of only if somebody looked while it lasted.
                "told": [
                    told for told in _all(db, WebhookEvent, "type") if "processing" not in told[0]
                ],
            }

    def at_provider(self) -> dict[str, int]:
        """Answer how often something was really done at the provider."""
        calls = [c for c in self.sandbox.calls("POST") if c["status"] in (200, 201)]
        keys = {(c["path"], c["idempotency_key"]) for c in calls}
        return {
            "refunds": len([path for path, _ in keys if path.endswith("/refunds")]),
            "subscriptions": len([path for path, _ in keys if path.endswith("/subscriptions")]),
        }

    def _place(self) -> orders.Placed:
        bought = self.purchase
        with self.database.writer() as db:
            membership = self._membership(db)
            if bought.slug is None:
                return setups.place(db, self.site, membership=membership, method=bought.method)
            price_id = db.scalars(
                select(Price.price_id)
                .join(Product)
                .where(
                    Product.slug == bought.slug,
                    Price.interval.is_not_distinct_from(bought.interval),
                    Price.currency == "EUR",
                )
            ).one()
            choice = orders.Choice(price_id, 1, "DE", None, bought.method)
            seen = orders.review(db, self.site, membership=membership, choice=choice)
            choice = dataclasses.replace(choice, quote=seen.quote_token)
            return orders.place(db, self.site, membership=membership, choice=choice)

    def _membership(self, db: Session) -> Membership:
        user = db.scalars(select(User).where(User.email == "tara@globex.example")).one()
        tenant = db.scalars(select(Tenant).where(Tenant.name == "Globex")).one()
        return tenants.find(db, user_id=user.id, tenant_uuid=tenant.uuid)

    def _id(self, db: Session) -> int:
        return db.scalars(select(CheckoutSession.id)).one()

    def _return_url(self, db: Session) -> str:
        from app.billing.ordering import checkout_orders

        return checkout_orders.return_url(self.site, self.placed.checkout_uuid)[1]

    def _deliver(self, rows: list[dict[str, Any]]) -> None:
        with self.database.writer() as db:
            accounts = {a.provider: a.id for a in db.scalars(select(ProviderAccount))}
            for row in reversed(rows):
                self._told.add(row["id"])
                event = base.ProviderEvent(row["type"], row["object_id"], row["event_id"])
                events.receive(
                    db, accounts[row["provider"]], event, payload="{}", now=self.site.clock.now()
                )
            sweep.process_events(db, self.site)

    def _sweep(self) -> None:
        with self.database.writer() as db:
            sweep.run(db, self.site)

    def _sync_and_die(self) -> None:
        with suppress(Crash), self.database.writer() as db:
            checkouts.sync(db, self.site, self._id(db), cause="dying")
        self._forget_claims()

    def _forget_claims(self) -> None:
        """Half a minute later nobody believes that the dead process still works."""
        past = clock.wall() - timedelta(seconds=1)
        with self.database.transaction() as db:
            for model in (Act, CheckoutSession):
                db.execute(
                    update(model).where(model.claimed_until.is_not(None)).values(claimed_until=past)
                )

    def _pass_on(self, answer: Any, meeting: Callable[[str, Any], Any]) -> Any:
        self.site.next_answer(meeting)
        return answer


def _die(_verb: str, _answer: Any) -> Any:
    raise Crash


def _all(db: Session, model: Any, names: str) -> list[tuple[Any, ...]]:
    def value(row: Any, name: str) -> Any:
        if name == "settling_until":
            return row.settling_until is not None
        if name == "ended":
            return row.ended_at is not None
        return getattr(row, name)

    return sorted(
        (tuple(value(row, name) for name in names.split()) for row in db.scalars(select(model))),
        key=repr,
    )


def begin(stage: Stage, purchase: Purchase) -> Life:
    """Answer a life at its beginning, on a copy of a database that holds the demo world."""
    stage.begin(CALM_DAY)
    site = WatchedSite(stage.site.config, stage.sandbox.app.world.clock)
    return Life(stage.database, site, stage.sandbox, purchase)

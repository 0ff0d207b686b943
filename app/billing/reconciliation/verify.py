"""Verify: every row held against the provider's truth, and put right by the only door.

Purchases with their plans are rehearsed: the very looks that apply the provider's truth run in a
transaction that is taken back, and what they would change is a difference. What no look moves is
compared one by one (`facts`). Repair puts such rows right, looks for real, does what waits to be
done, and rehearses once more: what differs still takes a person.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, not_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.billing.apps import apps
from app.billing.errors import BillingError
from app.billing.plans import subscriptions
from app.billing.reconciliation import (
    differences,
    facts,
    holdings,
    rehearsals,
    snapshots,
    strangers,
    stray_payments,
)
from app.billing.reconciliation.differences import Difference
from app.billing.reconciliation.facts import Fact
from app.billing.reconciliation.patience import Patience
from app.billing.reconciliation.snapshots import Scope
from app.billing.site import Site
from app.billing.truth import acts, deeds, looks
from app.db.base import table
from app.db.engine import Database
from app.models import Act, CheckoutSession, Customer, Payment, ProviderAccount, Subscription
from app.models.checkout_session import PENDING
from app.providers import errors, pace
from app.providers.base import SubscriptionState

log = logging.getLogger(__name__)

# What ended without any payment is held against the provider for so long.
_ENDED_FOR = timedelta(days=30)
_PAGE = 500
Say = Callable[[str, Difference], None]


@dataclass(slots=True)
class Report:
    """What was compared. `repaired` differed and no longer does, `left` takes a person;
    `unanswered` are subjects whose provider could not be asked."""

    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    repaired: list[Difference] = field(default_factory=list)
    left: list[Difference] = field(default_factory=list)
    unanswered: int = 0

    @property
    def is_clean(self) -> bool:
        """Everything was compared, and nothing differs any more."""
        return not self.open and not self.unanswered

    @property
    def open(self) -> list[Difference]:
        """What still differs."""
        return self.left if self.repaired or self.left else self.differences

    @property
    def sentence(self) -> str:
        """What came of it, for a person at a terminal."""
        said = f"Compared {self.compared}: {len(self.differences)} differences"
        if self.repaired or self.left:
            said += f", {len(self.repaired)} repaired, {len(self.left)} left to a person"
        if self.unanswered:
            said += f"; {self.unanswered} could not be compared, since the provider did not answer"
        return f"{said}."

    def as_dict(self) -> dict[str, object]:
        """It as JSON takes it."""
        return {
            "compared": self.compared,
            "unanswered": self.unanswered,
            "differences": [difference.as_dict() for difference in self.differences],
            "repaired": [difference.as_dict() for difference in self.repaired],
            "left": [difference.as_dict() for difference in self.left],
        }


def run(
    database: Database,
    site: Site,
    *,
    app: UUID | None = None,
    repair: bool = False,
    say: Say = lambda *_: None,
) -> Report:
    """Compare everything, of one app if one is named, at the pace the settings name; `say` is told
    each difference as it is found ("differs") and what became of it ("repaired", "left").

    Raises NotFound for an app that is not there. Providers that cannot be asked are counted.
    """
    with pace.keeping(site.pace), database.writer() as db:
        accounts = _accounts(db, app)
        verifying = _Verifying(database, db, site, repair=repair, say=say)
        for account_id in accounts:
            verifying.account(account_id)
        return verifying.report


class _Verifying:
    """One run over some accounts."""

    def __init__(
        self, database: Database, db: Session, site: Site, *, repair: bool, say: Say
    ) -> None:
        self._database, self._db, self._site = database, db, site
        self._repair, self._say = repair, say
        self._patience = Patience()
        self.report = Report()

    def account(self, account_id: int) -> None:
        """Compare all there is at one account: strangers first, since a purchase whose plan is gone
        may be theirs."""
        self._try(account_id, lambda: self._strangers(account_id))
        for customer_id in _customers(self._db, account_id):
            self._try(account_id, lambda: self._customer(customer_id))  # noqa: B023
        for scope in _scopes(self._db, account_id, self._site):
            self._try(account_id, lambda: self._scope(account_id, scope))  # noqa: B023
        self._try(account_id, lambda: self._stray_payments(account_id))

    def _try(self, account_id: int, compare: Callable[[], None]) -> None:
        if account_id in self._patience.down:
            self.report.unanswered += 1
            return
        try:
            compare()
            self._patience.answered(account_id)
        except errors.ProviderError as error:
            log.warning("account %s could not be compared: %s", account_id, error)
            self._db.rollback()
            self._patience.failed(account_id, error)
            self.report.unanswered += 1

    def _strangers(self, account_id: int) -> None:
        running = strangers.fetch(self._db, self._site, account_id)
        for state in strangers.unknown(self._db, account_id, running):
            self._stranger(account_id, state)
        self._db.commit()

    def _stranger(self, account_id: int, state: SubscriptionState) -> None:
        difference = strangers.difference(self._db, account_id, state)
        self._db.commit()
        self._found([difference])
        if self._repair:
            self._mended(lambda: strangers.adopt(self._db, self._site, account_id, state))
            left = strangers.unknown(self._db, account_id, [state])
            self._db.commit()
            self._settle([difference], [difference] if left else [])

    def _stray_payments(self, account_id: int) -> None:
        """What the purchases here have not explained: they come first."""
        named = {difference.subject for difference in self.report.differences}
        paid = stray_payments.fetch(self._db, self._site, account_id)
        for stray in stray_payments.unknown(self._db, self._site, account_id, paid):
            difference = stray_payments.difference(stray)
            if difference.subject in named:
                continue
            self._found([difference])
            if self._repair:
                self._mended(
                    lambda: stray_payments.adopt(self._db, self._site, stray)  # noqa: B023
                )
                known = stray_payments.is_known(self._db, account_id, stray)
                self._settle([difference], [] if known else [difference])

    def _customer(self, customer_id: int) -> None:
        holder = holdings.holder(self._db, customer_id)
        holding = holdings.fetch(self._db, self._site, holder)
        found = holdings.compare(self._db, holding)
        self._db.commit()
        self._found(found)
        if self._repair and found:
            holdings.repair(self._db, holding)
            self._settle(found, [])

    def _scope(self, account_id: int, scope: Scope) -> None:
        found, stubborn = self._rehearsed(account_id, scope)
        self._found(found)
        if self._repair and found:
            self._mended(lambda: self._mend(account_id, scope, stubborn))
            left, _ = self._rehearsed(account_id, scope)
            self._settle(found, left)

    def _rehearsed(self, account_id: int, scope: Scope) -> tuple[list[Difference], list[Fact]]:
        memory = rehearsals.Memory()

        def act(db: Session, site: Site) -> tuple[list[Difference], list[Fact]]:
            before = snapshots.take(db, scope)
            waiting = _waiting(db, site, scope)
            gone = _look(db, site, scope)
            db.flush()
            after = snapshots.take(db, scope)
            stubborn = facts.compare(db, account_id, memory.answers)
            if scope.checkout_id is not None:
                checkout = db.get_one(CheckoutSession, scope.checkout_id)
                stubborn += facts.without_plan(db, checkout)
            moved = snapshots.compare(before, after)
            return [*gone, *moved, *waiting, *(one.difference for one in stubborn)], stubborn

        return rehearsals.rehearse(self._database, self._site, memory, act)

    def _mend(self, account_id: int, scope: Scope, stubborn: list[Fact]) -> None:
        for fact in stubborn:
            _put_right(self._db, fact)
            if fact.restores is not None:
                strangers.restore(self._db, self._site, fact.restores)
        _look(self._db, self._site, scope)
        for act_id in _due_acts(self._db, scope):
            _ask_again(self._db, self._site, act_id)
            deeds.perform(self._db, self._site, act_id)
        _look(self._db, self._site, scope)

    def _mended(self, mend: Callable[[], object]) -> None:
        try:
            mend()
            self._db.commit()
        except (BillingError, IntegrityError) as error:
            log.warning("could not be repaired: %s", error)
            self._db.rollback()

    def _found(self, found: list[Difference]) -> None:
        self.report.compared += 1
        self.report.differences += found
        for difference in found:
            self._say("differs", difference)

    def _settle(self, found: list[Difference], left: list[Difference]) -> None:
        subjects = {difference.subject for difference in left}
        repaired = [one for one in found if one.subject not in subjects]
        self.report.repaired += repaired
        self.report.left += left
        for difference in repaired:
            self._say("repaired", difference)
        for difference in left:
            self._say("left", difference)


def _look(db: Session, site: Site, scope: Scope) -> list[Difference]:
    """Look at a purchase and its plans; answers those the provider does not know."""
    gone = []
    if scope.checkout_id is not None:
        try:
            looks.at_checkout(db, site, scope.checkout_id, cause="verify")
        except errors.Missing:
            row = db.get_one(CheckoutSession, scope.checkout_id)
            gone.append(_gone("checkout", row.uuid, row.provider_id, row.state))
    for plan_id in snapshots.subscriptions_of(db, scope):
        try:
            subscriptions.sync(db, site, plan_id, cause="verify")
        except errors.Missing:
            plan = db.get_one(Subscription, plan_id)
            if not _went_with_its_customer(db, plan):
                gone.append(_gone("subscription", plan.uuid, plan.provider_id, plan.status))
    return gone


def _went_with_its_customer(db: Session, plan: Subscription) -> bool:
    """Its tenant was deleted, and the provider was asked to delete what it was there."""
    deleted = select(Customer.id).where(
        Customer.tenant_id == plan.tenant_id,
        Customer.provider_account_id == plan.provider_account_id,
        Customer.deleted_at.is_not(None),
    )
    return db.scalars(deleted.limit(1)).first() is not None


def _gone(kind: differences.Kind, uuid: object, provider_id: str | None, ours: str) -> Difference:
    return differences.of(
        kind,
        uuid,
        provider_id,
        ours=ours,
        theirs="unknown",
        follows="the provider does not know it; a person has to find out why",
    )


def _waiting(db: Session, site: Site, scope: Scope) -> list[Difference]:
    """What should have been done at the provider by now."""
    found = []
    for act_id in _due_acts(db, scope):
        act = db.get_one(Act, act_id)
        if act.state == "waiting" and act.next_try_at > site.clock.now():
            continue
        found.append(
            differences.of(
                "act",
                act.uuid,
                act.effect,
                ours=f"{act.kind} {act.state}" + (f" ({act.error})" if act.error else ""),
                theirs="not done",
            )
        )
    return found


def _due_acts(db: Session, scope: Scope) -> list[int]:
    of_scope: list[ColumnElement[bool]] = [
        Act.subscription_id.in_(snapshots.subscriptions_of(db, scope))
    ]
    if scope.checkout_id is not None:
        of_scope.append(Act.checkout_id == scope.checkout_id)
    return list(
        db.scalars(
            select(Act.id)
            .where(
                Act.state.in_(("waiting", "failed")), not_(acts.IS_REFUSED_CHANGE), or_(*of_scope)
            )
            .order_by(Act.id)
        )
    )


def _ask_again(db: Session, site: Site, act_id: int) -> None:
    """What failed for good is tried once more: its key is spent, so it is first looked for."""
    rows = table(Act)
    db.execute(
        update(rows)
        .where(rows.c.id == act_id, rows.c.state == "failed")
        .values(state="waiting", idempotency_key=None, next_try_at=site.clock.now())
    )
    db.commit()


def _put_right(db: Session, fact: Fact) -> None:
    if fact.model is None:
        return
    rows = table(fact.model)
    values = dict(fact.values)
    if fact.model is Subscription:
        values["version"] = rows.c.version + 1
    db.execute(update(rows).where(rows.c.id == fact.row_id).values(values))
    db.commit()


def _accounts(db: Session, app: UUID | None) -> list[int]:
    found = select(ProviderAccount.id).where(ProviderAccount.disconnected_at.is_(None))
    if app is not None:
        found = found.where(ProviderAccount.app_id == apps.named(db, app).id)
    accounts = list(db.scalars(found.order_by(ProviderAccount.id)))
    db.commit()
    return accounts


def _customers(db: Session, account_id: int) -> Iterator[int]:
    wanted = [
        Customer.provider_account_id == account_id,
        Customer.provider_id.is_not(None),
        Customer.deleted_at.is_(None),
    ]
    yield from _paged(db, Customer, wanted)


def _scopes(db: Session, account_id: int, site: Site) -> Iterator[Scope]:
    recent = site.clock.now() - _ENDED_FOR
    paid = exists().where(Payment.checkout_id == CheckoutSession.id)
    begun = exists().where(Subscription.checkout_id == CheckoutSession.id)
    purchases: list[ColumnElement[bool]] = [
        CheckoutSession.provider_account_id == account_id,
        CheckoutSession.provider_id.is_not(None),
        or_(
            CheckoutSession.state.in_((*PENDING, "complete", "needs_review")),
            CheckoutSession.created_at >= recent,
            paid,
            begun,
        ),
    ]
    for checkout_id in _paged(db, CheckoutSession, purchases):
        yield Scope(checkout_id=checkout_id)
    alone = [
        Subscription.provider_account_id == account_id,
        Subscription.provider_id.is_not(None),
        Subscription.checkout_id.is_(None),
    ]
    for plan_id in _paged(db, Subscription, alone):
        yield Scope(subscription_id=plan_id)


def _paged(
    db: Session,
    model: type[Customer] | type[CheckoutSession] | type[Subscription],
    wanted: list[ColumnElement[bool]],
) -> Iterator[int]:
    """Answer rows by id, some at a time, so that no transaction stays open between them."""
    last = 0
    while True:
        page = select(model.id).where(*wanted, model.id > last).order_by(model.id).limit(_PAGE)
        found = list(db.scalars(page))
        db.commit()
        yield from found
        if len(found) < _PAGE:
            return
        last = found[-1]

"""Reviews: what an owner decides of a payment that Portico could not judge by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.billing import timeline
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.people import app_members
from app.billing.plans import plan_acts, plan_looks
from app.billing.purchase import checkouts
from app.billing.site import Site
from app.billing.truth import looks, outcomes
from app.models import App, AppMember, CheckoutSession, Subscription
from app.providers import errors

LONGEST_REASON = 500
PAGE = 25
Verdict = Literal["accepted", "given_back"]


def waiting(
    db: Session, app: App, *, before: UUID | None = None, limit: int = PAGE
) -> list[CheckoutSession]:
    """Answer the checkouts of an app that wait for a person, the newest first, with tenant,
    account and payments; `before` names the last one seen."""
    found = (
        select(CheckoutSession)
        .options(
            joinedload(CheckoutSession.tenant),
            joinedload(CheckoutSession.provider_account),
            selectinload(CheckoutSession.payments),
        )
        .where(CheckoutSession.app_id == app.id, CheckoutSession.state == "needs_review")
        .order_by(CheckoutSession.id.desc())
        .limit(limit)
    )
    if before is not None:
        last = select(CheckoutSession.id).where(
            CheckoutSession.uuid == before, CheckoutSession.app_id == app.id
        )
        found = found.where(CheckoutSession.id < last.scalar_subquery())
    return list(db.scalars(found))


def accept(
    db: Session, site: Site, member: AppMember, checkout_uuid: UUID, *, reason: str
) -> CheckoutSession:
    """Give what was paid for, and answer the checkout; decided so before, it is answered as it is.
    Commits.

    Raises NotAllowed for support, NotFound, Invalid naming `reason`, Conflict where it cannot be
    given or was decided otherwise, ProviderUnavailable (nothing has changed then).
    """
    return _decide(db, site, member, checkout_uuid, "accepted", reason)


def give_back(
    db: Session, site: Site, member: AppMember, checkout_uuid: UUID, *, reason: str
) -> CheckoutSession:
    """Give all that was paid back and end what it began, and answer the checkout: it is refunded
    once the provider has done both, until then it waits and is looked after. Commits. Raises as
    `accept` does."""
    return _decide(db, site, member, checkout_uuid, "given_back", reason)


def _decide(
    db: Session,
    site: Site,
    member: AppMember,
    checkout_uuid: UUID,
    verdict: Verdict,
    reason: str,
) -> CheckoutSession:
    app_members.require_owner(member)
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Invalid(
            "Write why, in at most %(most)s characters.", field="reason", most=LONGEST_REASON
        )
    checkout_id, cause = _find(db, member, checkout_uuid), timeline.by_user(member.user.uuid)
    decision = _Decision(member, verdict, reason.strip())
    db.commit()
    try:
        if not looks.decide(db, site, checkout_id, decision, cause=cause):
            _require_decided(db, checkout_id, verdict)
    except errors.ProviderError as error:
        db.rollback()
        raise plan_acts.said(error) from error
    except Conflict:
        db.rollback()
        raise
    _follow(db, site, checkout_id, verdict, cause=cause)
    return db.get_one(CheckoutSession, checkout_id, populate_existing=True)


class _Decision:
    """An owner's word on a checkout, applied once to what the provider says of it."""

    def __init__(self, member: AppMember, verdict: Verdict, reason: str) -> None:
        self._member, self._verdict, self._reason = member, verdict, reason

    def __call__(
        self, db: Session, site: Site, checkout: CheckoutSession, *given: Any, **named: Any
    ) -> None:
        if checkout.state != "needs_review" or checkout.verdict is not None:
            self._require_same(checkout)
            outcomes.apply(db, site, checkout, *given, **named)
            return
        judge = outcomes.grant if self._verdict == "accepted" else outcomes.give_back
        judge(db, site, checkout, *given, **named)
        checkout.verdict, checkout.verdict_reason = self._verdict, self._reason
        self._note(db, checkout, now=named["now"], cause=named["cause"])

    def _require_same(self, checkout: CheckoutSession) -> None:
        if checkout.verdict == self._verdict:
            return
        if checkout.verdict == "given_back":
            raise Conflict("Somebody has decided to give this payment back.")
        if checkout.verdict == "accepted":
            raise Conflict("Somebody has accepted this payment.")
        raise Conflict("This payment does not need a decision.")

    def _note(self, db: Session, checkout: CheckoutSession, *, now: datetime, cause: str) -> None:
        if self._verdict == "given_back":
            timeline.note(db, checkout, "payment.refund_asked", cause=cause, now=now)
        audits.note(
            db,
            self._member,
            f"review.{self._verdict}",
            str(checkout.uuid),
            now=now,
            details={"why": checkout.review, "reason": self._reason},
        )


def _require_decided(db: Session, checkout_id: int, verdict: Verdict) -> None:
    """Others kept changing the row: perhaps by the same decision."""
    checkout = db.get_one(CheckoutSession, checkout_id, populate_existing=True)
    if checkout.verdict != verdict:
        raise Conflict("This purchase is being changed at this moment. Look at it again.")
    db.commit()


def _follow(db: Session, site: Site, checkout_id: int, verdict: Verdict, *, cause: str) -> None:
    """Do what was decided at the provider, and see what came of it; what cannot be done now is left
    for the sweep."""
    checkouts.perform_acts(db, site, checkout_id)
    try:
        if verdict == "given_back":
            checkouts.sync(db, site, checkout_id, cause=cause)
        begun = select(Subscription.id).where(Subscription.checkout_id == checkout_id)
        plan = db.scalars(begun).first()
        db.commit()
        if plan is not None:
            plan_looks.look(db, site, plan, cause=cause)
    except errors.ProviderError:
        db.rollback()


def _find(db: Session, member: AppMember, checkout_uuid: UUID) -> int:
    found = db.scalar(
        select(CheckoutSession.id).where(
            CheckoutSession.uuid == checkout_uuid, CheckoutSession.app_id == member.app_id
        )
    )
    if found is None:
        raise NotFound("There is no such purchase here.")
    return found

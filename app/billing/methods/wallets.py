"""A tenant's payment methods as their page shows them: what each pays for, and what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.methods import method_acts, method_changes, payment_methods
from app.billing.methods.payment_methods import Expiry
from app.billing.plans import plan_summaries, renewals
from app.billing.plans.plan_summaries import PlanSummary
from app.billing.purchase import receipts
from app.billing.site import Site
from app.billing.text import Text
from app.models import Act, Payment, PaymentMethod, ProviderAccount, Subscription, Tenant
from app.money import Money


@dataclass(frozen=True, slots=True)
class Kept:
    """A method on file. `pays_for` names the plans that are charged by it; with `is_next` one will
    be, once the provider has answered. `refusal` says why it cannot be charged instead of another
    one, and is None where it can be, or is already."""

    method: PaymentMethod
    provider_name: str
    pays_for: list[str]
    expiry: Expiry
    refusal: Text | None
    can_be_default: bool
    is_next: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What was not paid in time. `seen` names the latest try to charge it, so that a press that
    comes twice charges once; `decline` says why that one failed. `action_url` is the provider's
    page where it can be confirmed or paid. With `is_under_way` an answer is awaited; with
    `can_retry` there is something to charge, and a method to charge it by, at a press."""

    plan: Subscription
    plan_name: str
    amount: Money
    method: PaymentMethod | None
    provider_name: str
    seen: str
    tried_at: datetime | None
    decline: Text | None
    needs_action: bool
    action_url: str | None
    is_under_way: bool
    can_retry: bool


@dataclass(frozen=True, slots=True)
class Wallet:
    """What the page shows; `removing` are methods that are on their way out."""

    methods: list[Kept]
    due: Due | None
    removing: list[PaymentMethod]

    @property
    def is_waiting(self) -> bool:
        """The provider has still to do what was asked."""
        is_charging = self.due is not None and self.due.is_under_way
        return is_charging or bool(self.removing) or any(kept.is_next for kept in self.methods)


def show(db: Session, site: Site, tenant: Tenant) -> Wallet:
    """Answer a tenant's methods in the app's mode, and what is due; the app must be loaded."""
    running = method_acts.plans(db, tenant.id, livemode=tenant.app.livemode)
    return Wallet(
        methods=[
            _kept(db, site, method, running) for method in payment_methods.on_file(db, tenant)
        ],
        due=_due(db, site, plan_summaries.show(db, site, tenant)),
        removing=_removing(db, tenant),
    )


def _kept(db: Session, site: Site, method: PaymentMethod, running: list[Subscription]) -> Kept:
    here = [plan for plan in running if plan.provider_account_id == method.provider_account_id]
    pays = [plan for plan in here if plan.payment_method_id == method.id]
    is_charged = bool(pays) and len(pays) == len(here)
    is_next = any(method_acts.upcoming(db, plan.id) == method.id for plan in here)
    refusal = None
    if not is_charged:
        refusal = method_changes.why_not_default(db, site, method, running)
    return Kept(
        method=method,
        provider_name=_provider_name(db, site, method.provider_account_id),
        pays_for=[plan.price.product.name for plan in pays],
        expiry=payment_methods.expiry(method, now=site.clock.now()),
        refusal=refusal.text if refusal else None,
        can_be_default=refusal is None
        and not is_charged
        and not is_next
        and (bool(here) or not method.is_default),
        is_next=is_next,
    )


def _due(db: Session, site: Site, summary: PlanSummary | None) -> Due | None:
    if summary is None or summary.overdue is None or not summary.overdue:
        return None
    plan = summary.subscription
    if plan.status not in ("past_due", "unpaid") or plan.overdue_since is None:
        return None
    newest = method_changes.latest_try(db, plan.id)
    attempt = method_changes.latest_attempt(db, plan.id)
    failed = renewals.overdue(plan, renewals.every(db, plan))
    method, is_under_way = summary.method, _is_under_way(attempt, newest)
    is_charged_there = site.capabilities(plan.provider_account.provider).own_retries
    return Due(
        plan=plan,
        plan_name=plan.price.product.name,
        amount=failed.attempts[0].total if failed else summary.overdue,
        method=method,
        provider_name=summary.provider_name,
        seen=str(newest.uuid) if newest else "",
        tried_at=attempt.attempted_at if attempt else None,
        decline=_decline(attempt),
        needs_action=summary.needs_action or _wants_payer(attempt, summary),
        action_url=summary.action_url,
        is_under_way=is_under_way,
        can_retry=method is not None
        and method.is_usable
        and not is_under_way
        and (is_charged_there or failed is not None),
    )


def _wants_payer(attempt: Payment | None, summary: PlanSummary) -> bool:
    """The bank refused for want of a confirmation, and would again without the payer; there is a
    page on which they can give it."""
    is_wanted = attempt is not None and attempt.decline == "authentication"
    return is_wanted and summary.action_url is not None


def _decline(attempt: Payment | None) -> Text | None:
    if attempt is None or not attempt.decline:
        return None
    return receipts.decline_words(attempt.decline)


def _is_under_way(attempt: Payment | None, newest: Act | None) -> bool:
    is_waiting = newest is not None and newest.state == "waiting"
    return is_waiting or (attempt is not None and attempt.status in ("open", "processing"))


def _removing(db: Session, tenant: Tenant) -> list[PaymentMethod]:
    return list(
        db.scalars(
            select(PaymentMethod)
            .join(Act, Act.payment_method_id == PaymentMethod.id)
            .where(
                PaymentMethod.tenant_id == tenant.id,
                PaymentMethod.livemode == tenant.app.livemode,
                Act.kind == "forget_payment_method",
                Act.state == "waiting",
            )
            .order_by(PaymentMethod.id)
        )
    )


def _provider_name(db: Session, site: Site, account_id: int) -> str:
    return site.capabilities(db.get_one(ProviderAccount, account_id).provider).name

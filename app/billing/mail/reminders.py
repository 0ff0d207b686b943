"""Reminders: what people are told before it happens, so that no charge and no failure surprises."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from app.billing.mail import mails
from app.billing.mail.mail_kinds import CardExpiring, Mailable, RenewalAhead
from app.billing.plans import forecasts, plan_switches
from app.billing.plans.forecasts import Forecast
from app.billing.site import Site
from app.models import PaymentMethod, Price, Subscription

# Laws on renewals ask for a reminder between 15 and 45 days ahead where the term is a year
# (California Business and Professions Code, section 17602).
_A_YEAR_AHEAD = timedelta(days=30)
# Card networks ask for one at least a week before a trial turns into a charge (Visa Core Rules, on
# trial subscriptions).
_A_TRIAL_AHEAD = timedelta(days=8)
_A_CARD_AHEAD = timedelta(days=31)


def of_charges(db: Session, site: Site) -> int:
    """Tell of the coming charges of yearly plans, and of the first ones after trials, once each;
    answers how many mails were written. Commits each."""
    return sum(_of_charge(db, site, row) for row in _ids(db, _is_charged_soon(site.clock.now())))


def of_cards(db: Session, site: Site) -> int:
    """Tell of cards that pay for a running plan and expire within a month, once each; answers how
    many mails were written. Commits each."""
    return sum(_of_card(db, site, row) for row in _ids(db, _has_old_card(site.clock.now())))


def _ids(db: Session, applies: ColumnElement[bool]) -> list[int]:
    rows = list(
        db.scalars(
            select(Subscription.id)
            .join(Subscription.price)
            .outerjoin(PaymentMethod, PaymentMethod.id == Subscription.payment_method_id)
            .where(applies, Subscription.is_duplicate.is_(False))
            .order_by(Subscription.id)
        )
    )
    db.commit()
    return rows


def _is_charged_soon(now: datetime) -> ColumnElement[bool]:
    renews = and_(Subscription.status == "active", Price.interval == "year")
    return and_(
        Subscription.canceled_at.is_(None),
        Subscription.period_end > now,
        or_(
            and_(renews, Subscription.period_end <= now + _A_YEAR_AHEAD),
            and_(
                Subscription.status == "trialing", Subscription.period_end <= now + _A_TRIAL_AHEAD
            ),
        ),
    )


def _has_old_card(now: datetime) -> ColumnElement[bool]:
    expires = PaymentMethod.exp_year * 12 + PaymentMethod.exp_month
    soon = now + _A_CARD_AHEAD
    return and_(
        Subscription.status.in_(("active", "trialing", "past_due")),
        Subscription.canceled_at.is_(None),
        PaymentMethod.removed_at.is_(None),
        expires.between(now.year * 12 + now.month, soon.year * 12 + soon.month),
    )


def _of_charge(db: Session, site: Site, subscription_id: int) -> int:
    now = site.clock.now()
    plan = _load(db, subscription_id)
    charge = _next_charge(db, plan, now=now)
    written = None
    if charge is not None and _is_time(plan, charge, now=now):
        effect = f"subscription:{plan.id}:{charge.at:%Y-%m-%d}"
        written = _write(db, plan, _renewal(db, plan, charge), effect, now=now)
    db.commit()
    return written is not None


def _of_card(db: Session, site: Site, subscription_id: int) -> int:
    now = site.clock.now()
    plan = _load(db, subscription_id)
    told = _card(db, plan, now=now)
    written = None
    if told is not None:
        effect = f"method:{plan.payment_method_id}:{told.exp_year}-{told.exp_month}"
        written = _write(db, plan, told, effect, now=now)
    db.commit()
    return written is not None


def _is_time(plan: Subscription, charge: Forecast, *, now: datetime) -> bool:
    """A short trial is not reminded of on the day it begins, nor anything of no charge."""
    if not charge.amount or not charge.amount.minor:
        return False
    if charge.kind != "trial_ends":
        return True
    return charge.at - now <= min(_A_TRIAL_AHEAD, (charge.at - plan.started_at) / 2)


def _renewal(db: Session, plan: Subscription, charge: Forecast) -> RenewalAhead:
    assert charge.amount is not None
    change = plan_switches.on_its_way(db, plan.id)
    price = change.price if change and change.state == "scheduled" else plan.price
    method = _method(db, plan)
    return RenewalAhead(
        plan=price.product.name,
        amount=charge.amount,
        charge_at=charge.at,
        interval="year" if price.interval == "year" else "month",
        is_first=charge.kind == "trial_ends",
        method=method.type if method else None,
        brand=method.brand if method else None,
        last4=method.last4 if method else None,
    )


def _card(db: Session, plan: Subscription, *, now: datetime) -> CardExpiring | None:
    method = _method(db, plan)
    if method is None or not method.exp_year or not method.exp_month:
        return None
    last = calendar.monthrange(method.exp_year, method.exp_month)[1]
    until = datetime(method.exp_year, method.exp_month, last, tzinfo=UTC)
    if not now <= until <= now + _A_CARD_AHEAD:
        return None
    charge = _next_charge(db, plan, now=now)
    return CardExpiring(
        brand=method.brand,
        last4=method.last4,
        exp_month=method.exp_month,
        exp_year=method.exp_year,
        plan=plan.price.product.name,
        next_charge=charge.amount if charge else None,
        next_charge_at=charge.at if charge else None,
    )


def _write(
    db: Session, plan: Subscription, told: Mailable, effect: str, *, now: datetime
) -> int | None:
    return mails.write(
        db,
        told,
        effect,
        app_id=plan.app_id,
        tenant_id=plan.tenant_id,
        livemode=plan.livemode,
        now=now,
    )


def _next_charge(db: Session, plan: Subscription, *, now: datetime) -> Forecast | None:
    change = plan_switches.on_its_way(db, plan.id)
    lines = forecasts.of(db, plan, None, change, now=now)
    return next((line for line in lines if line.kind in ("renewal", "trial_ends")), None)


def _load(db: Session, subscription_id: int) -> Subscription:
    return db.scalars(
        select(Subscription)
        .where(Subscription.id == subscription_id)
        .options(
            joinedload(Subscription.price).joinedload(Price.product),
            joinedload(Subscription.provider_account),
        )
        .execution_options(populate_existing=True)
    ).one()


def _method(db: Session, plan: Subscription) -> PaymentMethod | None:
    return db.get(PaymentMethod, plan.payment_method_id) if plan.payment_method_id else None

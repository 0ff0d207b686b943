"""An app's tax rates, as its owner keeps them, and what they lead to for a buyer."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import typed, typed_numbers
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.people import app_members
from app.billing.tax import countries, taxes, vat_numbers
from app.billing.tax.taxes import TaxDecision
from app.db import lock
from app.models import App, AppMember, TaxRate

KINDS = ("country", "reverse_charge")
# Stripe shows no more of a rate's name.
_LONGEST_NAME = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSettings:
    """What an owner types about a rate; `kind` is one of KINDS, and `replaces` is the rate that is
    archived for this one. The percentage is written in the person's `language`."""

    kind: str
    country: str | None = None
    name: str | None = None
    percentage: str | None = None
    replaces: UUID | None = None
    language: str = "en"


def listed(db: Session, app: App, *, before: int | None = None, limit: int = 50) -> list[TaxRate]:
    """Answer an app's archived rates, the newest first; `before` is the id of the last one seen.
    The rates in use are `taxes.rates`."""
    found = select(TaxRate).where(
        TaxRate.app_id == app.id, TaxRate.archived_at.is_not(None), TaxRate.deleted_at.is_(None)
    )
    if before is not None:
        found = found.where(TaxRate.id < before)
    return list(db.scalars(found.order_by(TaxRate.id.desc()).limit(limit)))


def find(db: Session, app: App, uuid: UUID) -> TaxRate:
    """Answer a rate of an app; raises NotFound."""
    rate = db.scalars(
        select(TaxRate).where(
            TaxRate.app_id == app.id, TaxRate.uuid == uuid, TaxRate.deleted_at.is_(None)
        )
    ).one_or_none()
    if rate is None:
        raise NotFound("There is no such tax rate, or it is not yours to see.")
    return rate


def in_use(db: Session, app: App, settings: RateSettings) -> TaxRate | None:
    """Answer the rate that is used now where another one is meant to be."""
    return _same_place(taxes.rates(db, app.id), settings.kind, settings.country)


def lacks_own(app: App, rates: Sequence[TaxRate]) -> bool:
    """Answer whether the seller's own country has no rate: nobody there could buy."""
    home = {app.seller_country, countries.taxed_as(app.seller_country)}
    return not any(rate.country in home for rate in rates)


def add(db: Session, member: AppMember, settings: RateSettings, *, now: datetime) -> TaxRate:
    """Use a rate from now on.

    Raises NotAllowed for support, Invalid naming the first setting that is wrong, and Conflict
    where another rate is used that `replaces` does not name.
    """
    app_members.require_owner(member)
    values = _checked(settings)
    lock.one(db, App, member.app_id)
    old = in_use(db, member.app, settings)
    if old is not None:
        _require_replaced(old, values, settings.replaces)
        old.archived_at = now
    rate = TaxRate(app_id=member.app_id, tax_rate_id=f"txr_{secrets.token_hex(12)}", **values)
    db.add(rate)
    db.flush()
    details = _details(rate) | ({"instead_of": old.tax_rate_id} if old else {})
    audits.note(db, member, "tax_rate.added", _called(rate), now=now, details=details)
    return rate


def archive(db: Session, member: AppMember, uuid: UUID, *, now: datetime) -> TaxRate:
    """Use a rate for no new purchase; those made keep it. Doing so twice is no error."""
    app_members.require_owner(member)
    rate = lock.one(db, TaxRate, find(db, member.app, uuid).id)
    if rate.archived_at is None:
        rate.archived_at = now
        audits.note(db, member, "tax_rate.archived", _called(rate), now=now, details=_details(rate))
        db.flush()
    return rate


def decide(db: Session, app: App, *, country: str, vat_number: str | None) -> TaxDecision:
    """Answer what a buyer would be charged now, as the checkout decides it; raises Invalid for a
    country that is none."""
    if country not in countries.CODES:
        raise Invalid("Choose a country from the list.", field="country")
    number = (vat_number or "").strip()
    return taxes.decide(
        app_name=app.name,
        seller_country=app.seller_country,
        buyer_country=country,
        vat=vat_numbers.check(number, country) if number else None,
        rates=taxes.rates(db, app.id),
        unknown_policy=app.vat_unknown_policy,
    )


def _checked(settings: RateSettings) -> dict[str, Any]:
    if settings.kind not in KINDS:
        raise Invalid("Choose one of these.", field="kind")
    name = typed.line(settings.name, "name") or _usual_name(settings.kind)
    if len(name) > _LONGEST_NAME:
        raise Invalid("This is too long: use at most 50 characters.", field="name")
    if settings.kind == "reverse_charge":
        return {
            "name": name,
            "country": None,
            "percentage": Decimal(0),
            "is_reverse_charge": True,
        }
    if settings.country not in countries.CODES:
        raise Invalid("Choose a country from the list.", field="country")
    share = typed_numbers.percentage(settings.percentage, "percentage", language=settings.language)
    return {
        "name": name,
        "country": settings.country,
        "percentage": share,
        "is_reverse_charge": False,
    }


def _usual_name(kind: str) -> str:
    return "Reverse charge" if kind == "reverse_charge" else "VAT"


def _same_place(rates: Sequence[TaxRate], kind: str, country: str | None) -> TaxRate | None:
    # As the checkout finds it: of several the newest counts.
    for rate in reversed(rates):
        if rate.is_reverse_charge and kind == "reverse_charge":
            return rate
        if not rate.is_reverse_charge and kind == "country" and rate.country == country:
            return rate
    return None


def _require_replaced(old: TaxRate, values: dict[str, Any], replaces: UUID | None) -> None:
    if (old.name, old.percentage) == (values["name"], values["percentage"]):
        raise Conflict("This very rate is used already.")
    if replaces != old.uuid:
        raise Conflict(
            "Another rate is used there now: %(name)s %(percentage)s %%. Say whether this one shall"
            " take its place.",
            field="replaces",
            name=old.name,
            percentage=taxes.plain(old.percentage),
        )


def _called(rate: TaxRate) -> str:
    place = rate.country or "reverse charge"
    return f"{rate.name} {taxes.plain(rate.percentage)} %, {place}"


def _details(rate: TaxRate) -> dict[str, Any]:
    return {
        "tax_rate_id": rate.tax_rate_id,
        "country": rate.country,
        "percentage": taxes.plain(rate.percentage),
    }

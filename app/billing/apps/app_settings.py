"""An app's settings: who sells, how payers are met, what invoices are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.billing import typed
from app.billing.apps import apps, audits
from app.billing.errors import Invalid, NotAllowed
from app.billing.invoicing import invoice_prefixes
from app.billing.people import app_members
from app.billing.tax import countries, vat_numbers
from app.db import lock
from app.models import App, AppMember, User

VAT_POLICIES = ("accept", "charge")
SETTLING = ("until_deadline", "none")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_DAYS = re.compile(r"[0-9]{1,2}")
_MOST_TRIES = 8
_LONGEST_WAIT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an owner types about an app. `dunning_days` are whole numbers separated by commas;
    without `invoice_prefix` a new app's is made of its name and another's stays;
    `seller_country` is ISO 3166-1 alpha-2."""

    name: str
    seller_name: str
    seller_address: str
    seller_country: str
    seller_vat_number: str | None = None
    support_email: str | None = None
    website: str | None = None
    invoice_prefix: str | None = None
    dunning_days: str = "2, 5, 7, 7"
    vat_unknown_policy: str = "accept"
    settling_access: str = "until_deadline"


def of(app: App) -> Settings:
    """Answer an app's settings as its owner would type them."""
    kept = {name: getattr(app, name) for name in Settings.__dataclass_fields__}
    return Settings(**{**kept, "dunning_days": ", ".join(map(str, app.dunning_days))})


def checked(settings: Settings) -> dict[str, Any]:
    """Answer settings as an app stores them; raises Invalid naming the first that is wrong."""
    country = settings.seller_country
    if country not in countries.CODES:
        raise Invalid("Choose a country from the list.", field="seller_country")
    support = settings.support_email
    return {
        "name": typed.line(settings.name, "name", required="Enter the name of your app."),
        "seller_name": typed.line(
            settings.seller_name, "seller_name", required="Enter the legal name of the seller."
        ),
        "seller_address": typed.lines(
            settings.seller_address, "seller_address", required="Enter the seller's address."
        ),
        "seller_country": country,
        "seller_vat_number": _vat_number(settings.seller_vat_number, country),
        "support_email": (
            typed.email(support, "support_email", example="support@example.com")
            if support
            else None
        ),
        "website": typed.address(settings.website, "website"),
        "invoice_prefix": invoice_prefixes.checked(settings.invoice_prefix),
        "dunning_days": _days(settings.dunning_days),
        "vat_unknown_policy": _one_of(VAT_POLICIES, settings, "vat_unknown_policy"),
        "settling_access": _one_of(SETTLING, settings, "settling_access"),
    }


def begin_another(db: Session, user_id: int, settings: Settings, *, now: datetime) -> AppMember:
    """Make another app, in test mode, for a person who owns one here; answer their place in it.

    Raises NotAllowed for anybody else, and Invalid naming the first setting that is wrong.
    """
    if not apps.owned(db, user_id):
        raise NotAllowed("Only an owner of an app can add another one.")
    return apps.make(db, db.get_one(User, user_id), checked(settings), now=now)


def save(db: Session, member: AppMember, settings: Settings, *, now: datetime) -> list[str]:
    """Change an app's settings, note in the audit log what was before and after, and answer the
    names of those that changed.

    Raises NotAllowed for support, and Invalid naming the first setting that is wrong, also for an
    invoice prefix that another app of the same people has.
    """
    app_members.require_owner(member)
    values = checked(settings)
    app = lock.one(db, App, member.app_id)
    values["invoice_prefix"] = values["invoice_prefix"] or app.invoice_prefix
    invoice_prefixes.require_free(db, member.user_id, values["invoice_prefix"], but=app)
    changed = {name: value for name, value in values.items() if getattr(app, name) != value}
    if changed:
        details = {"changed": {name: [getattr(app, name), changed[name]] for name in changed}}
        audits.note(db, member, "app.changed", app.name, now=now, details=details)
    for name, value in changed.items():
        setattr(app, name, value)
    db.flush()
    return list(changed)


def colour(db: Session, member: AppMember, colour: str, *, now: datetime) -> None:
    """Give an app another brand colour, such as #5254d4; raises NotAllowed for support, and Invalid
    naming `colour`."""
    app_members.require_owner(member)
    if not _COLOUR.fullmatch(colour):
        raise Invalid("Enter a colour such as #5254d4.", field="colour")
    app = lock.one(db, App, member.app_id)
    chosen = colour.lower()
    if app.brand_color != chosen:
        details = {"changed": {"brand_color": [app.brand_color, chosen]}}
        audits.note(db, member, "app.changed", app.name, now=now, details=details)
    app.brand_color = chosen
    db.flush()


def _vat_number(text: str | None, country: str) -> str | None:
    if not (text or "").strip():
        return None
    answer = vat_numbers.check(text or "", country)
    if answer.status == "invalid":
        raise Invalid(
            "This cannot be a VAT number of the seller's country. It looks like %(example)s.",
            field="seller_vat_number",
            example=vat_numbers.example(country) or "–",
        )
    return answer.number


def _days(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(_is_wait(part) for part in parts):
        raise Invalid(
            "Write days from 1 to 60 with commas between, such as 2, 5, 7, 7.",
            field="dunning_days",
        )
    if len(parts) > _MOST_TRIES:
        raise Invalid("Try at most 8 times.", field="dunning_days")
    return [int(part) for part in parts]


def _is_wait(text: str) -> bool:
    return bool(_DAYS.fullmatch(text)) and 1 <= int(text) <= _LONGEST_WAIT


def _one_of(known: tuple[str, ...], settings: Settings, field: str) -> str:
    chosen: str = getattr(settings, field)
    if chosen not in known:
        raise Invalid("Choose one of these.", field=field)
    return chosen

"""One letter, or several, of every kind there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TypedDict
from uuid import UUID

from PIL import Image

from app.billing.mail import mail_kinds
from app.billing.mail.mail_kinds import Mailable
from app.billing.mail.outbox import Letter
from app.models import App, Logo, Tenant
from app.money import Money

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
DUE = Money(114000, "EUR")


class Card(TypedDict):
    """What a payment says of the card it was made with."""

    method: str
    brand: str
    last4: str


CARD: Card = {"method": "card", "brand": "visa", "last4": "4242"}
SECRET = "https://portal.example/reset/s3cret?next=%2Ft&x=1"

APP = App(
    uuid=UUID(int=1),
    name="Acme Notes",
    livemode=True,
    seller_name="Acme Notes GmbH",
    seller_country="DE",
    seller_address="Musterstraße 1\n10115 Berlin",
    support_email="help@acme.example",
    brand_color="#5254d4",
)


def a_logo(width: int = 400, height: int = 100) -> Logo:
    """Answer a logo of one colour."""
    written = BytesIO()
    Image.new("RGBA", (width, height), (82, 84, 212, 255)).save(written, "PNG")
    return Logo(digest="5e" * 16, content=written.getvalue(), width=width, height=height)


TENANT = Tenant(uuid=UUID(int=2), app=APP, name="Globex & Söhne <GmbH>")

TOLD: dict[str, Mailable] = {
    "receipt": mail_kinds.Receipt(
        plan="Team",
        amount=DUE,
        quantity=3,
        period_start=NOW,
        period_end=LATER,
        next_charge=DUE,
        next_charge_at=LATER,
        invoice_uuid=str(UUID(int=5)),
        invoice_number="INV-0007",
        **CARD,
    ),
    "receipt, once": mail_kinds.Receipt(plan="Onboarding", amount=DUE),
    "receipt, amount not known ahead": mail_kinds.Receipt(
        plan="Team", amount=DUE, next_charge_at=LATER
    ),
    "payment_failed": mail_kinds.PaymentFailed(
        plan="Team",
        amount=DUE,
        decline="insufficient_funds",
        next_retry_at=LATER,
        pay_by=LATER,
        **CARD,
    ),
    "payment_failed, for good": mail_kinds.PaymentFailed(plan="Team", amount=DUE),
    "action_needed": mail_kinds.ActionNeeded(
        plan="Team", amount=DUE, action_url="https://pay.example/i/1", pay_by=LATER
    ),
    "renewal_ahead": mail_kinds.RenewalAhead(
        plan="Team", amount=DUE, charge_at=LATER, interval="year", **CARD
    ),
    "renewal_ahead, monthly": mail_kinds.RenewalAhead(
        plan="Team", amount=DUE, charge_at=LATER, interval="month", **CARD
    ),
    "renewal_ahead, first": mail_kinds.RenewalAhead(
        plan="Team", amount=DUE, charge_at=LATER, interval="month", is_first=True
    ),
    "plan_changed": mail_kinds.PlanChanged(
        plan="Business",
        quantity=2,
        before_plan="Team",
        before_quantity=2,
        renewal=DUE,
        interval="month",
        takes_effect_at=NOW,
        next_charge_at=LATER,
        charged=DUE,
    ),
    "plan_changed, scheduled": mail_kinds.PlanChanged(
        plan="Starter",
        quantity=1,
        before_plan="Team",
        before_quantity=1,
        renewal=DUE,
        interval="year",
        takes_effect_at=LATER,
        is_scheduled=True,
    ),
    "plan_changed, fewer seats": mail_kinds.PlanChanged(
        plan="Team",
        quantity=1,
        before_plan="Team",
        before_quantity=4,
        renewal=DUE,
        interval="month",
        takes_effect_at=NOW,
        credited=DUE,
    ),
    "plan_changed, more seats later": mail_kinds.PlanChanged(
        plan="Team",
        quantity=9,
        before_plan="Team",
        before_quantity=4,
        renewal=DUE,
        interval="month",
        takes_effect_at=LATER,
        is_scheduled=True,
    ),
    "plan_changed, yearly": mail_kinds.PlanChanged(
        plan="Team",
        quantity=1,
        before_plan="Team",
        before_quantity=1,
        renewal=DUE,
        interval="year",
        takes_effect_at=NOW,
    ),
    "canceled": mail_kinds.Canceled(plan="Team", ends_at=LATER),
    **{
        f"canceled, {reason}": mail_kinds.Canceled(
            plan="Team", ends_at=NOW, is_over=True, reason=reason
        )
        for reason in ("canceled", "provider", "not_paid", "charged_back", "duplicate")
    },
    "card_expiring": mail_kinds.CardExpiring(
        brand="visa",
        last4="4242",
        exp_month=1,
        exp_year=2027,
        plan="Team",
        next_charge=DUE,
        next_charge_at=LATER,
    ),
    "card_expiring, idle": mail_kinds.CardExpiring(
        brand=None, last4=None, exp_month=1, exp_year=2027
    ),
    "refunded": mail_kinds.Refunded(plan="Team", amount=DUE, invoice_number="INV-0008", **CARD),
    "charged_back": mail_kinds.ChargedBack(plan="Team", amount=DUE, is_over=True),
    "charged_back, goes on": mail_kinds.ChargedBack(plan="Team", amount=DUE),
    "password_reset": mail_kinds.PasswordReset(sealed_url="sealed", expires_at=LATER),
    "invitation": mail_kinds.Invited(
        sealed_url="sealed", role="admin", expires_at=LATER, invited_by="tara@globex.example"
    ),
    "app_invitation": mail_kinds.AppInvited(
        sealed_url="sealed", role="owner", expires_at=LATER, invited_by="alice@acme.example"
    ),
    "invitation, unsigned": mail_kinds.Invited(
        sealed_url="sealed", role="member", expires_at=LATER
    ),
    "webhook_disabled": mail_kinds.WebhookDisabled(
        url="https://app.example.com/hooks", failing_since=NOW, error="500"
    ),
    "needs_review": mail_kinds.NeedsReview(
        plan="Team", reason="late", checkout_uuid=str(UUID(int=3)), amount=DUE
    ),
    "needs_review, trial": mail_kinds.NeedsReview(
        plan="Team", reason="trial", checkout_uuid=str(UUID(int=3)), amount=DUE
    ),
}


def letter(told: Mailable, *, locale: str | None = None, **changes: object) -> Letter:
    """Answer a letter to Tara that tells this."""
    plain = Letter(
        mail_uuid=str(UUID(int=4)),
        kind=mail_kinds.name(told),
        told=told,
        url=SECRET if hasattr(told, "sealed_url") else None,
        recipient="tara@globex.example",
        locale=locale,
        livemode=True,
        app=APP,
        tenant=TENANT,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]

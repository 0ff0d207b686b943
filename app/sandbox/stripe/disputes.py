"""Disputes: money the payer's bank takes back from a charge."""

from app.sandbox.store import Json
from app.sandbox.stripe import events, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

KIND = "disputes"


def make(account: Account, intent_id: str) -> Json | None:
    """Dispute the charge of a paid intent, as the payer's bank would, and tell of it; None where
    there is nothing to dispute, or it is disputed already."""
    intent = account.load("payment_intents", intent_id)
    if intent is None or intent["status"] != "succeeded":
        return None
    charge = objects.get(account, "charges", intent["latest_charge"])
    if charge["disputed"]:
        return None
    dispute = blank(
        "dispute",
        id=account.mint("du_1"),
        amount=charge["amount"],
        charge=charge["id"],
        created=account.timestamp(),
        currency=charge["currency"],
        is_charge_refundable=False,
        metadata={},
        payment_intent=intent_id,
        reason="fraudulent",
        status="needs_response",
    )
    account.save(KIND, dispute)
    account.save("charges", {**charge, "disputed": True})
    events.emit(account, "charge.dispute.created", dispute)
    return dispute

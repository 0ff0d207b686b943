"""Bring a checkout session to its end: the payer's attempt, 3-D Secure, what is made by it."""

from dataclasses import dataclass
from typing import Any

from app.sandbox.store import Json
from app.sandbox.stripe import (
    customers,
    events,
    methods,
    objects,
    payment_intents,
    payment_methods,
    purchases,
    session_lines,
    setup_intents,
    tax_ids,
)
from app.sandbox.stripe.entries import Entry, asks_terms
from app.sandbox.world import Account

KIND = "checkout_sessions"


@dataclass(frozen=True)
class Result:
    """Where an attempt led: the session now, and a sentence when it was declined."""

    session: Json
    declined: str | None = None
    challenged: bool = False


def attempt(account: Account, session: Json, entry: Entry, how: str) -> Result:
    """Try to pay as entered. `how`: pay, delay, decline, 3ds_pass or 3ds_fail."""
    method = _make_method(account, entry)
    card = methods.card_for(entry.values["card_number"]) if entry.type == "card" else None
    decline = "generic_decline" if how == "decline" else card.decline if card else None
    asks = how.startswith("3ds") or (how == "pay" and card is not None and card.asks_3ds)
    if asks:
        session = _challenge(account, session, entry, method, decline)
        if how.startswith("3ds"):
            return answer_challenge(account, session, passed=how == "3ds_pass")
        return Result(session, challenged=True)
    if decline:
        return _decline(account, session, method, decline, attempted=True)
    delayed = how == "delay" or methods.METHODS[entry.type].delayed
    return Result(complete(account, session, entry, method, delayed=delayed))


def answer_challenge(account: Account, session: Json, *, passed: bool) -> Result:
    """Go on after 3-D Secure, with the payment as it was entered."""
    waiting = session["_challenge"]
    session = account.save(KIND, {**session, "_challenge": None})
    entry = Entry(waiting["values"])
    method = objects.get(account, "payment_methods", waiting["method"])
    if not passed:
        return _decline(account, session, method, "three_d_secure", attempted=False)
    method["_three_d_secure"] = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": account.mint("", 20),
        "version": "2.2.0",
    }
    account.save("payment_methods", method)
    if waiting["decline"]:
        return _decline(account, session, method, waiting["decline"], attempted=True)
    return Result(complete(account, session, entry, method, delayed=False))


def complete(account: Account, session: Json, entry: Entry, method: Json, *, delayed: bool) -> Json:
    """Make what was bought, close the session and tell of it."""
    customer = _customer(account, session, entry)
    session = {**session, "customer": customer["id"] if customer else None}
    path = f"/stripe/v1/checkout/sessions/{session['id']}"
    off_by = int(session["mode"] != "setup" and account.takes_fault("wrong_amount", path))
    if off_by:
        session["amount_total"] += off_by
    made = purchases.make(account, session, customer, method, delayed=delayed, off_by=off_by)
    session = {
        **session,
        **made,
        **_collected(session, entry),
        "client_secret": None,
        "status": "complete",
        "url": None,
    }
    account.save(KIND, session)
    events.emit(account, "checkout.session.completed", session)
    return session


def _make_method(account: Account, entry: Entry) -> Json:
    if entry.type == "card":
        number = entry.values["card_number"]
        return payment_methods.card(account, number, entry.billing, entry.expiry)
    if entry.type == "sepa_debit":
        return payment_methods.sepa_debit(account, entry.values["iban"], entry.billing)
    return payment_methods.redirect(account, entry.type, entry.billing)


def _challenge(
    account: Account, session: Json, entry: Entry, method: Json, decline: str | None
) -> Json:
    url = f"{account.world.base_url}/stripe/pay/{session['id']}/challenge"
    if purchases.takes_money(session):
        session, intent = purchases.intent_of(account, session)
        payment_intents.require_action(account, intent, method, url)
    elif session["setup_intent"]:
        intent = objects.get(account, "setup_intents", session["setup_intent"])
        setup_intents.require_action(account, intent, method, url)
    waiting = {"values": entry.values, "method": method["id"], "decline": decline}
    return account.save(KIND, {**session, "_challenge": waiting})


def _decline(
    account: Account, session: Json, method: Json, decline: str, *, attempted: bool
) -> Result:
    """Leave the session open and note the failed attempt on its intent."""
    if purchases.takes_money(session):
        session, intent = purchases.intent_of(account, session)
        payment_intents.fail(account, intent, method, decline, attempted=attempted)
    elif session["setup_intent"]:
        intent = objects.get(account, "setup_intents", session["setup_intent"])
        setup_intents.fail(account, intent, method, decline)
    return Result(session, declined=methods.DECLINES[decline][1])


def _customer(account: Account, session: Json, entry: Entry) -> Json | None:
    if session["customer"]:
        return _updated_customer(account, session, entry)
    wanted = session["customer_creation"] == "always" or session["_data"].get("setup_future_usage")
    if not wanted:
        return None
    values: dict[str, Any] = {"email": entry.values["email"], "name": entry.values["name"]}
    if session["mode"] != "setup":
        values["address"] = entry.address
    if session["shipping_address_collection"]:
        values["shipping"] = entry.shipping
    customer = customers.make(account, values)
    if entry.values["tax_id"]:
        tax_ids.make(account, customer["id"], "eu_vat", entry.values["tax_id"].upper())
    return customer


def _updated_customer(account: Account, session: Json, entry: Entry) -> Json:
    asked = session["_customer_update"]
    before = objects.get(account, "customers", session["customer"])
    after = dict(before)
    if asked.get("name") == "auto":
        after["name"] = entry.values["business_name"] or entry.values["name"]
    if asked.get("address") == "auto":
        after["address"] = entry.address
    if asked.get("shipping") == "auto" and session["shipping_address_collection"]:
        after["shipping"] = entry.shipping
    if entry.values["tax_id"] and session.get("tax_id_collection"):
        tax_ids.make(account, after["id"], "eu_vat", entry.values["tax_id"].upper())
    return events.changed(account, "customers", before, after, "customer.updated")


def _collected(session: Json, entry: Entry) -> Json:
    """Show what the payer entered, as the session tells it afterwards."""
    values = entry.values
    shipping = entry.shipping if session["shipping_address_collection"] else None
    collects_tax_id = (session.get("tax_id_collection") or {}).get("enabled")
    tax_id = values["tax_id"].upper()
    details = {
        "address": None if session["mode"] == "setup" else entry.address,
        "business_name": values["business_name"] or None,
        "email": values["email"],
        "individual_name": None,
        "name": values["name"],
        "phone": (session["customer_details"] or {}).get("phone"),
        "tax_exempt": "none",
        "tax_ids": [{"type": "eu_vat", "value": tax_id}] if collects_tax_id and tax_id else [],
    }
    information = {
        "business_name": values["business_name"] or None,
        "individual_name": None,
        "shipping_details": shipping,
    }
    consent = session["consent"]
    if asks_terms(session):
        consent = {"promotions": None, "terms_of_service": "accepted"}
    return {"collected_information": information, "consent": consent, "customer_details": details}


def order(session: Json) -> list[Json]:
    """Give the items a page lists."""
    items: list[Json] = session["_items"]
    trial = session["_data"].get("trial_period_days") or session["_data"].get("trial_end")
    return session_lines.due_today(items, bool(trial))

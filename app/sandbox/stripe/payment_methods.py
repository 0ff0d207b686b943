"""Payment methods: cards, debits and bank redirects as they were entered, and whose they are."""

from typing import Any

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import customers, errors, events, lists, methods, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "payment_methods"
# Stripe's ready-made test methods: attaching one makes a new method.
READY_MADE = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_authenticationRequired": "4000002760003184",
}


@routes.get("/v1/payment_methods")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "customer", "type", "allow_redisplay")
    return lists.page(account, KIND, params, "/v1/payment_methods", same)


@routes.get("/v1/payment_methods/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.post("/v1/payment_methods/<id>/attach")
def attach(account: Account, params: Json, id: str) -> Json:
    if "customer" not in params:
        raise errors.missing("customer")
    customers.present(account, params["customer"])
    if id in READY_MADE:
        id = card(account, READY_MADE[id], {})["id"]
    return attach_to(account, id, params["customer"])


@routes.post("/v1/payment_methods/<id>/detach")
def detach(account: Account, params: Json, id: str) -> Json:
    before = objects.get(account, KIND, id)
    if before["customer"] is None:
        message = (
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
        raise errors.invalid(message, "payment_method")
    after = {**before, "customer": None, "_detached": True}
    account.save(KIND, after)
    _forget_default(account, before["customer"], id)
    events.emit(account, "payment_method.detached", after, {"customer": before["customer"]})
    return after


def attach_to(account: Account, id: str, customer: str) -> Json:
    """Attach a method to a customer and tell of it; raises Refusal when it was used up."""
    method = objects.get(account, KIND, id, "payment_method")
    if method["customer"] == customer:
        return method
    if method["customer"] is not None:
        message = "The payment method you provided has already been attached to a customer."
        raise errors.invalid(message, "payment_method")
    if method.get("_detached"):
        message = (
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again."
        )
        raise errors.invalid(message, "payment_method")
    method["customer"] = customer
    account.save(KIND, method)
    events.emit(account, "payment_method.attached", method)
    return method


def card(
    account: Account, number: str, billing: Json, expiry: tuple[int, int] = (12, 2034)
) -> Json:
    """Store a card; what its number does is remembered inside."""
    plain = methods.digits(number)
    known = methods.card_for(number)
    details = {
        "brand": known.brand if known else "unknown",
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": known.brand if known else "other",
        "exp_month": expiry[0],
        "exp_year": expiry[1],
        "fingerprint": account.derive(f"card {plain}", length=16),
        "funding": "credit",
        "generated_from": None,
        "last4": plain[-4:],
        "networks": {"available": [known.brand if known else "unknown"], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return _make(account, "card", details, billing, later=known.later if known else None)


def sepa_debit(account: Account, iban: str, billing: Json) -> Json:
    """Store a bank account to be debited, with its mandate."""
    plain = methods.digits(iban)
    details = {
        "bank_code": plain[4:12],
        "branch_code": "",
        "country": plain[:2],
        "fingerprint": account.derive(f"iban {plain}", length=16),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": plain[-4:],
    }
    later = "debit_failed" if plain in methods.FAILING_IBANS else None
    method = _make(account, "sepa_debit", details, billing, later=later)
    method["_mandate"] = _mandate(account, method)
    return account.save(KIND, method)


def redirect(account: Account, type: str, billing: Json) -> Json:
    """Store a method whose money comes through its own page, such as iDEAL."""
    details: dict[str, Json] = {
        "ideal": {"bank": "ing", "bic": "INGBNL2A"},
        "eps": {"bank": "erste_bank_und_sparkassen"},
        "p24": {"bank": "ing"},
        "link": {"email": billing.get("email")},
        "paypal": {"country": "DE", "payer_email": billing.get("email"), "payer_id": "SANDBOX1"},
    }
    return _make(account, type, details.get(type, {}), billing)


def _make(
    account: Account, type: str, details: Json, billing: Json, later: str | None = None
) -> Json:
    shown = {name: billing.get(name) or None for name in ("email", "name", "phone", "tax_id")}
    values: dict[str, Any] = {
        "id": account.mint("pm_1"),
        "allow_redisplay": "limited",
        "billing_details": {**shown, "address": billing.get("address") or customers.address({})},
        "created": account.timestamp(),
        "type": type,
        type: details,
        "_later": later,
    }
    return account.save(KIND, blank("payment_method", metadata={}, **values))


def _mandate(account: Account, method: Json) -> str:
    mandate = blank(
        "mandate",
        id=account.mint("mandate_1"),
        customer_acceptance={
            "accepted_at": account.timestamp(),
            "online": {"ip_address": "127.0.0.1", "user_agent": "Sandbox"},
            "type": "online",
        },
        multi_use={},
        payment_method=method["id"],
        payment_method_details={
            "sepa_debit": {
                "reference": account.mint("", 16).upper(),
                "url": f"{account.world.base_url}/",
            },
            "type": "sepa_debit",
        },
        status="active",
        type="multi_use",
    )
    return str(account.save("mandates", mandate)["id"])


def _forget_default(account: Account, customer_id: str, id: str) -> None:
    customer = account.load("customers", customer_id)
    if customer and customer["invoice_settings"]["default_payment_method"] == id:
        customer["invoice_settings"]["default_payment_method"] = None
        account.save("customers", customer)
    for subscription in account.find("subscriptions", lambda s: s["default_payment_method"] == id):
        account.save("subscriptions", {**subscription, "default_payment_method": None})

"""Charges: single attempts to take money."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import errors, events, expand, lists, methods, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "charges"

expand.fill("charge", "refunds", "refunds", "charge", "/v1/charges/{id}/refunds")


@routes.get("/v1/charges")
def list_all(account: Account, params: Json) -> Json:
    if "transfer_group" in params:
        raise errors.not_done("transfer_group in GET /v1/charges")
    same = lists.equal(params, "customer", "payment_intent")
    return lists.page(account, KIND, params, "/v1/charges", same)


@routes.get("/v1/charges/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


def make(
    account: Account, intent: Json, method: Json, status: str, decline: str | None = None
) -> Json:
    """Store an attempt: `succeeded`, `pending`, or `failed` for a decline code; tell of it."""
    code, sentence = methods.DECLINES[decline] if decline else (None, None)
    taken = status == "succeeded"
    charge = blank(
        "charge",
        id=account.mint("ch_3"),
        amount=intent["amount"],
        amount_captured=intent["amount"] if taken else 0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor="SANDBOX",
        captured=status != "failed",
        created=account.timestamp(),
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        failure_code=code,
        failure_message=sentence,
        metadata=intent["metadata"],
        outcome=_outcome(status, decline),
        paid=taken,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details(method),
        receipt_email=intent["receipt_email"],
        shipping=intent["shipping"],
        status=status,
    )
    account.save(KIND, charge)
    events.emit(account, f"charge.{status}", charge)
    return charge


def settle(account: Account, id: str, decline: str | None) -> Json:
    """End a pending charge, with money or without."""
    charge = objects.get(account, KIND, id)
    if decline:
        code, sentence = methods.DECLINES[decline]
        charge |= {"status": "failed", "failure_code": code, "failure_message": sentence}
    else:
        charge |= {"status": "succeeded", "paid": True, "amount_captured": charge["amount"]}
    charge["outcome"] = _outcome(charge["status"], decline)
    account.save(KIND, charge)
    events.emit(account, f"charge.{charge['status']}", charge)
    return charge


def _outcome(status: str, decline: str | None) -> Json:
    refused = status == "failed"
    return {
        "advice_code": "do_not_try_again" if decline == "lost_card" else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if refused else "approved_by_network",
        "reason": decline,
        "risk_level": "normal",
        "seller_message": "The bank refused the payment." if refused else "Payment complete.",
        "type": "issuer_declined" if refused else "authorized",
    }


def _details(method: Json) -> Json:
    type = method["type"]
    shown = dict(method[type])
    if type == "card":
        shown = {
            "amount_authorized": None,
            "authorization_code": None,
            "brand": shown["brand"],
            "checks": shown["checks"],
            "country": shown["country"],
            "electronic_commerce_indicator": None,
            "exp_month": shown["exp_month"],
            "exp_year": shown["exp_year"],
            "fingerprint": shown["fingerprint"],
            "funding": shown["funding"],
            "installments": None,
            "last4": shown["last4"],
            "mandate": None,
            "network": shown["brand"],
            "network_transaction_id": None,
            "regulated_status": "unregulated",
            "three_d_secure": method.get("_three_d_secure"),
            "transaction_link_id": None,
            "wallet": None,
        }
    elif type == "sepa_debit":
        del shown["generated_from"]
        shown["mandate"] = method.get("_mandate")
    else:
        shown |= EXTRA_DETAILS.get(type, {})
    return {"type": type, type: shown}


SEPA_LEFT = {
    "generated_sepa_debit": None,
    "generated_sepa_debit_mandate": None,
    "iban_last4": "2040",
    "verified_name": None,
}
EXTRA_DETAILS: dict[str, Json] = {
    "ideal": {**SEPA_LEFT, "transaction_id": None},
    "bancontact": {
        **SEPA_LEFT,
        "bank_code": "KBC",
        "bank_name": "KBC",
        "bic": "KREDBEBB",
        "preferred_language": "en",
    },
    "eps": {"verified_name": None},
    "p24": {"reference": None, "verified_name": None},
    "blik": {"buyer_id": None},
    "link": {"country": None},
    "paypal": {"payer_name": None, "seller_protection": None, "transaction_id": None},
    "klarna": {
        "payer_details": None,
        "payment_method_category": "pay_now",
        "preferred_locale": None,
    },
}

"""Payment intents: one amount to be paid, over as many attempts as it takes."""

from datetime import timedelta

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import charges, errors, events, lists, methods, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "payment_intents"
SETTLES_AFTER = timedelta(days=5)


@routes.get("/v1/payment_intents")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "customer")
    return lists.page(account, KIND, params, "/v1/payment_intents", same)


@routes.get("/v1/payment_intents/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    intent = objects.get(account, KIND, id)
    if params.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        raise errors.invalid("The client_secret provided does not match.", "client_secret")
    return intent


def make(
    account: Account,
    *,
    amount: int,
    currency: str,
    customer: str | None,
    types: list[str],
    data: Json,
) -> Json:
    """Store an intent and tell of it; `data` is a session's payment_intent_data or the like."""
    id = account.mint("pi_3")
    shipping = data.get("shipping")
    intent = blank(
        "payment_intent",
        id=id,
        amount=amount,
        amount_details={"tip": {}},
        automatic_payment_methods={"enabled": True},
        capture_method="automatic_async",
        client_secret=f"{id}_secret_{account.mint('', 25)}",
        confirmation_method="automatic",
        created=account.timestamp(),
        currency=currency,
        customer=customer,
        description=data.get("description") or None,
        metadata=objects.merge_metadata(None, data.get("metadata")),
        payment_method_options={},
        payment_method_types=types,
        receipt_email=data.get("receipt_email") or None,
        setup_future_usage=data.get("setup_future_usage"),
        shipping=shipping,
        statement_descriptor=data.get("statement_descriptor") or None,
        statement_descriptor_suffix=data.get("statement_descriptor_suffix") or None,
        status="requires_payment_method",
    )
    account.save(KIND, intent)
    events.emit(account, "payment_intent.created", intent)
    return intent


def confirm(
    account: Account, intent: Json, method: Json, *, decline: str | None, delayed: bool
) -> Json:
    """Try to take the money: succeeded, processing (settles by the clock), or declined."""
    intent = {**intent, "payment_method": method["id"], "next_action": None}
    if decline:
        return fail(account, intent, method, decline, attempted=True)
    charge = charges.make(account, intent, method, "pending" if delayed else "succeeded")
    intent |= {"latest_charge": charge["id"], "last_payment_error": None}
    if delayed:
        intent["status"] = "processing"
        account.save(KIND, intent)
        events.emit(account, "payment_intent.processing", intent)
        account.later(SETTLES_AFTER, "stripe.payment_intent.settle", id=intent["id"])
        return intent
    return _succeed(account, intent)


def settle(account: Account, intent: Json) -> Json:
    """Let a processing intent's money arrive, or fail as its bank account does."""
    method = objects.get(account, "payment_methods", intent["payment_method"])
    decline = "debit_failed" if method["_later"] == "debit_failed" else None
    charge = charges.settle(account, intent["latest_charge"], decline)
    if decline:
        return fail(account, {**intent, "latest_charge": charge["id"]}, method, decline)
    return _succeed(account, intent)


def require_action(account: Account, intent: Json, method: Json, url: str) -> Json:
    """Ask the payer to go through 3-D Secure at `url`."""
    intent = {
        **intent,
        "status": "requires_action",
        "payment_method": method["id"],
        "next_action": {
            "redirect_to_url": {"return_url": None, "url": url},
            "type": "redirect_to_url",
        },
    }
    account.save(KIND, intent)
    events.emit(account, "payment_intent.requires_action", intent)
    return intent


def fail(
    account: Account, intent: Json, method: Json, decline: str, *, attempted: bool = False
) -> Json:
    """Note a failed attempt; `attempted` when the bank was asked, which makes a failed charge."""
    if attempted:
        charge = charges.make(account, intent, method, "failed", decline)
        intent = {**intent, "latest_charge": charge["id"]}
    problem = payment_error(decline, method)
    if intent["latest_charge"]:
        problem["charge"] = intent["latest_charge"]
    intent = {
        **intent,
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": problem,
    }
    account.save(KIND, intent)
    events.emit(account, "payment_intent.payment_failed", intent)
    return intent


def cancel(account: Account, id: str, reason: str) -> None:
    """Cancel an intent whose session or invoice came to an end without money."""
    intent = account.load(KIND, id)
    if intent and intent["status"] not in ("succeeded", "processing", "canceled"):
        intent |= {
            "status": "canceled",
            "canceled_at": account.timestamp(),
            "cancellation_reason": reason,
        }
        account.save(KIND, intent)
        events.emit(account, "payment_intent.canceled", intent)


def payment_error(decline: str, method: Json) -> Json:
    """Word a decline as `last_payment_error` and as the body of a 402."""
    code, sentence = methods.DECLINES[decline]
    problem = {
        "code": code,
        "doc_url": "https://stripe.com/docs/error-codes/" + code.replace("_", "-"),
        "message": sentence,
        "payment_method": objects.public(method),
        "type": "card_error" if method["type"] == "card" else "invalid_request_error",
    }
    if code == "card_declined":
        problem["decline_code"] = decline
    return problem


def _succeed(account: Account, intent: Json) -> Json:
    intent = {**intent, "status": "succeeded", "amount_received": intent["amount"]}
    account.save(KIND, intent)
    events.emit(account, "payment_intent.succeeded", intent)
    return intent

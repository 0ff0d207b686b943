"""Setup intents: keep a payment method without taking money."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import events, lists, objects, payment_intents
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "setup_intents"


@routes.get("/v1/setup_intents")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "customer", "payment_method")
    return lists.page(account, KIND, params, "/v1/setup_intents", same)


@routes.get("/v1/setup_intents/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


def make(account: Account, customer: str | None, types: list[str], data: Json) -> Json:
    """Store an intent and tell of it; `data` is a session's setup_intent_data."""
    id = account.mint("seti_1")
    intent = blank(
        "setup_intent",
        id=id,
        automatic_payment_methods={"enabled": True},
        client_secret=f"{id}_secret_{account.mint('', 25)}",
        created=account.timestamp(),
        customer=customer,
        description=data.get("description") or None,
        metadata=objects.merge_metadata(None, data.get("metadata")),
        payment_method_options={},
        payment_method_types=types,
        status="requires_payment_method",
        usage="off_session",
    )
    account.save(KIND, intent)
    events.emit(account, "setup_intent.created", intent)
    return intent


def succeed(account: Account, intent: Json, method: Json) -> Json:
    intent = {
        **intent,
        "customer": method["customer"],
        "last_setup_error": None,
        "mandate": method.get("_mandate"),
        "next_action": None,
        "payment_method": method["id"],
        "status": "succeeded",
    }
    account.save(KIND, intent)
    events.emit(account, "setup_intent.succeeded", intent)
    return intent


def process(account: Account, intent: Json, method: Json) -> Json:
    """Leave an intent processing; it succeeds by the clock."""
    intent = {**intent, "payment_method": method["id"], "status": "processing"}
    account.save(KIND, intent)
    account.later(payment_intents.SETTLES_AFTER, "stripe.setup_intent.settle", id=intent["id"])
    return intent


def require_action(account: Account, intent: Json, method: Json, url: str) -> Json:
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
    events.emit(account, "setup_intent.requires_action", intent)
    return intent


def fail(account: Account, intent: Json, method: Json, decline: str) -> Json:
    problem = payment_intents.payment_error(decline, method)
    if decline == "three_d_secure":
        problem["code"] = "setup_intent_authentication_failure"
    intent = {
        **intent,
        "last_setup_error": problem,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    account.save(KIND, intent)
    events.emit(account, "setup_intent.setup_failed", intent)
    return intent

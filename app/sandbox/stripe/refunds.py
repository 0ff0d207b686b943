"""Refunds: money given back from a charge, in parts or whole."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import errors, events, lists, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "refunds"
NOT_DONE = (
    "customer",
    "instructions_email",
    "origin",
    "refund_application_fee",
    "reverse_transfer",
)


@routes.post("/v1/refunds")
def create(account: Account, params: Json) -> Json:
    for name in NOT_DONE:
        if name in params:
            raise errors.not_done(f"{name} in POST /v1/refunds", name)
    charge = _charge(account, params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    _check(charge, amount, left)
    refund = blank(
        "refund",
        id=account.mint("re_3"),
        amount=amount,
        charge=charge["id"],
        created=account.timestamp(),
        currency=charge["currency"],
        customer=charge["customer"],
        destination_details={"type": charge["payment_method_details"]["type"]},
        metadata=objects.merge_metadata(None, params.get("metadata")),
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=params.get("reason"),
        status="succeeded",
    )
    account.save(KIND, refund)
    events.emit(account, "refund.created", refund)
    refunded = charge["amount_refunded"] + amount
    after = {**charge, "amount_refunded": refunded, "refunded": refunded == charge["amount"]}
    events.changed(account, "charges", charge, after, "charge.refunded")
    return refund


@routes.get("/v1/refunds")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "charge", "payment_intent", "customer")
    return lists.page(account, KIND, params, "/v1/refunds", same)


@routes.get("/v1/refunds/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.post("/v1/refunds/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    before = objects.get(account, KIND, id)
    merged = objects.merge_metadata(before["metadata"], params.get("metadata"))
    return events.changed(account, KIND, before, {**before, "metadata": merged}, "refund.updated")


def _charge(account: Account, params: Json) -> Json:
    if "charge" in params:
        return objects.get(account, "charges", params["charge"], "charge")
    if "payment_intent" not in params:
        message = "One of the following params should be provided for this request: "
        raise errors.invalid(message + "payment_intent or charge.", code="parameter_missing")
    intent = objects.get(account, "payment_intents", params["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        message = (
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        )
        raise errors.invalid(message, "payment_intent", "payment_intent_unexpected_state")
    return objects.get(account, "charges", intent["latest_charge"], "charge")


def _check(charge: Json, amount: int, left: int) -> None:
    if charge["status"] != "succeeded":
        message = f"Charge {charge['id']} has not succeeded and cannot be refunded."
        raise errors.invalid(message, "charge", "charge_not_refundable")
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise errors.invalid(message, code="charge_already_refunded")
    if amount < 1:
        raise errors.invalid(
            "This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer"
        )
    if amount > left:
        message = (
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}), in "
            f"minor units of {charge['currency']}"
        )
        raise errors.invalid(message, "amount", "amount_too_large")

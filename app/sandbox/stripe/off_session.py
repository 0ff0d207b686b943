"""Charge a saved method while the payer is away: an intent made and confirmed in one call."""

from app.sandbox.gateway import Refusal, Routes
from app.sandbox.store import Json
from app.sandbox.stripe import customers, errors, objects, payment_intents
from app.sandbox.world import Account

routes = Routes()
DONE = (
    "amount",
    "automatic_payment_methods",
    "confirm",
    "currency",
    "customer",
    "description",
    "expand",
    "metadata",
    "off_session",
    "payment_method",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
)


@routes.post("/v1/payment_intents")
def create(account: Account, params: Json) -> Json:
    """Take the money at once; raises Refusal 402, which keeps the failed intent."""
    for name in params:
        if name not in DONE:
            raise errors.not_done(f"{name} in POST /v1/payment_intents", name)
    if not params.get("confirm") or not params.get("off_session"):
        raise errors.not_done("POST /v1/payment_intents other than confirmed and off session")
    customer, method = _payer(account, params)
    if params["amount"] < 1:
        message = "This value must be greater than or equal to 1."
        raise errors.invalid(message, "amount", "parameter_invalid_integer")
    intent = payment_intents.make(
        account,
        amount=params["amount"],
        currency=params["currency"],
        customer=customer,
        types=[method["type"]],
        data=params,
    )
    intent = payment_intents.confirm(
        account,
        intent,
        method,
        decline=None if method["type"] == "sepa_debit" else method["_later"],
        delayed=method["type"] == "sepa_debit",
    )
    if intent["status"] == "requires_payment_method":
        raise _declined(intent)
    return intent


def _payer(account: Account, params: Json) -> tuple[str, Json]:
    for name in ("customer", "payment_method"):
        if name not in params:
            raise errors.missing(name)
    customer: str = customers.present(account, params["customer"])["id"]
    method = objects.get(account, "payment_methods", params["payment_method"], "payment_method")
    if method["customer"] != customer:
        message = (
            f"The provided PaymentMethod {method['id']} does not belong to the Customer "
            f"{customer}. Please attach it to this Customer before using it with a PaymentIntent."
        )
        raise errors.invalid(message, "payment_method")
    return customer, method


def _declined(intent: Json) -> Refusal:
    problem = intent["last_payment_error"]
    fields = {
        name: problem.get(name) for name in ("charge", "code", "decline_code", "payment_method")
    }
    return errors.error(
        402,
        "card_error",
        problem["message"],
        keep=True,
        payment_intent=objects.public(intent),
        **fields,
    )

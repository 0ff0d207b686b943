"""The control door's back office: money goes back because a person or a bank wants so."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, jsonify

from app.sandbox import bank
from app.sandbox.control import BadField, control, read_body, read_number, world
from app.sandbox.gateway import Refusal
from app.sandbox.store import Json

__all__ = ["control"]


@control.post("/refunds")
def refund() -> tuple[Response, int]:
    body = read_body(("payment", "amount"))
    amount = read_number("amount", body, None)
    if amount is not None and not (isinstance(amount, int) and amount > 0):
        raise BadField("amount", "amount must be a whole number of minor units, at least 1.")
    with _refusals("amount"):
        bank.refund(world(), _payment(body), amount)
    return jsonify({"payment": body["payment"]}), 201


@control.post("/chargebacks")
def charge_back() -> tuple[Response, int]:
    body = read_body(("payment",))
    with _refusals("payment"):
        bank.charge_back(world(), _payment(body))
    return jsonify({"payment": body["payment"]}), 201


def _payment(body: Json) -> str:
    value = body.get("payment")
    if not isinstance(value, str) or not value.startswith(("pi_", "tr_")):
        raise BadField("payment", "payment must be the id of a payment, pi_… or tr_….")
    return value


@contextmanager
def _refusals(field: str) -> Iterator[None]:
    """Say in the door's own shape what the bank or the provider refuses."""
    try:
        yield
    except bank.NoPayment as refused:
        raise BadField("payment", str(refused)) from None
    except Refusal as refused:
        raise BadField(field, f"The provider refused: {refused}.") from None

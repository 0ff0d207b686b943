"""The page a payer is sent to: choose a way to pay, then what becomes of it."""

from flask import Blueprint, Response, request

from app.sandbox import pages
from app.sandbox.control import world
from app.sandbox.mollie import cards, chargebacks, records, settle
from app.sandbox.mollie.methods import METHODS
from app.sandbox.store import Json
from app.sandbox.world import Account

checkout = Blueprint("mollie_checkout", __name__, url_prefix="/mollie/checkout")
HOLDER_LIMIT = 100
ENDED = {
    "paid": "This payment is paid.",
    "failed": "This payment failed. Nothing was charged.",
    "canceled": "This payment was canceled. Nothing was charged.",
    "expired": "This payment was not paid in time. Nothing was charged.",
    "pending": "This payment is on its way: the bank has not answered yet.",
}


class Mistake(Exception):
    """The form cannot be used as it is filled in; `str()` says why."""


@checkout.get("/<id>")
def show(id: str) -> Response:
    account = world().owner_of("mollie", "payments", id)
    if account is None:
        return pages.missing()
    payment = records.payment(account, id)
    return _page(payment) if payment["status"] == "open" else _ended(payment)


@checkout.post("/<id>")
def act(id: str) -> Response:
    account = world().owner_of("mollie", "payments", id)
    if account is None:
        return pages.missing()
    with account.transaction():
        payment = records.payment(account, id)
        verb = request.form.get("act", "")
        if payment["status"] == "paid" and verb == "dispute" and payment["chargedBack"] == "0":
            chargebacks.make(account, payment)
        if payment["status"] != "open":
            return _back_to(f"/mollie/checkout/{id}")
        try:
            return _do(account, payment, verb)
        except Mistake as mistake:
            return _page(payment, str(mistake), 422)


@checkout.get("/<id>/3ds")
def show_3ds(id: str) -> Response:
    account = world().owner_of("mollie", "payments", id)
    if account is None:
        return pages.missing()
    payment = records.payment(account, id)
    if payment["challenge"] is None:
        return _back_to(f"/mollie/checkout/{id}")
    return pages.show("mollie/3ds.html", title="Is it you who pays?", payment=payment)


@checkout.post("/<id>/3ds")
def answer_3ds(id: str) -> Response:
    account = world().owner_of("mollie", "payments", id)
    if account is None:
        return pages.missing()
    with account.transaction():
        payment = records.payment(account, id)
        challenge = payment["challenge"]
        if payment["status"] != "open" or challenge is None:
            return _back_to(f"/mollie/checkout/{id}")
        if request.form.get("act") == "pass":
            settle.pay(account, payment, fails_later=challenge["later"])
        else:
            settle.fail(account, payment, "authentication_failed")
    return _back_to(payment["redirectUrl"])


def _do(account: Account, payment: Json, verb: str) -> Response:
    if verb == "cancel":
        settle.cancel(account, payment)
        return _back_to(payment["cancelUrl"] or payment["redirectUrl"])
    if verb == "expire":
        settle.expire(account, payment)
        return _back_to(payment["redirectUrl"])
    payment["method"] = _method(payment)
    if verb not in ("pay", "decline", "delay"):
        raise Mistake("Press one of the buttons.")
    if payment["method"] == "creditcard":
        return _by_card(account, payment, verb)
    return _by_bank(account, payment, verb)


def _by_card(account: Account, payment: Json, verb: str) -> Response:
    card = cards.read_number(request.form.get("card_number", ""))
    if card is None:
        raise Mistake("This is no test card. The list below says which numbers there are.")
    holder = request.form.get("card_holder", "").strip()[:HOLDER_LIMIT] or cards.HOLDER
    payment["details"] = cards.card_details(card, holder)
    decline = cards.decline(card, payment["amount"])
    if verb == "decline" or decline:
        settle.fail(account, payment, decline or "card_declined")
    elif verb == "pay" and card.asks_3ds:
        account.save("payments", {**payment, "challenge": {"later": card.later}})
        return _back_to(f"/mollie/checkout/{payment['id']}/3ds")
    else:
        _pay(account, payment, verb, card.later)
    return _back_to(payment["redirectUrl"])


def _by_bank(account: Account, payment: Json, verb: str) -> Response:
    bank = cards.BANKS.get(request.form.get("bank", "testbank"))
    if bank is None:
        raise Mistake("Choose a bank.")
    is_paypal = payment["method"] == "paypal"
    payment["details"] = cards.paypal_details() if is_paypal else cards.bank_details(bank)
    if verb == "decline":
        settle.fail(account, payment, None)
    else:
        _pay(account, payment, verb, None if is_paypal else bank.later)
    return _back_to(payment["redirectUrl"])


def _pay(account: Account, payment: Json, verb: str, later: str | None) -> None:
    if verb == "delay":
        settle.wait(account, payment, settle.DELAY, fails_later=later)
    else:
        settle.pay(account, payment, fails_later=later)


def _method(payment: Json) -> str:
    chosen = payment["method"] or request.form.get("method", "")
    if chosen not in payment["allowed"]:
        raise Mistake("Choose how to pay.")
    return str(chosen)


def _page(payment: Json, mistake: str = "", status: int = 200) -> Response:
    chosen = payment["method"] or request.form.get("method") or payment["allowed"][0]
    return pages.show(
        "mollie/checkout.html",
        status,
        title=f"Pay {payment['amount']['value']} {payment['amount']['currency']}",
        payment=payment,
        methods=[METHODS[name] for name in payment["allowed"]],
        chosen=chosen,
        banks=cards.BANKS.values(),
        cards=cards.CARDS.values(),
        form=request.form,
        mistake=mistake,
    )


def _ended(payment: Json) -> Response:
    sentence = ENDED[payment["status"]]
    if payment["chargedBack"] != "0":
        sentence = "This payment was paid, and the payer's bank took it back."
    return pages.show(
        "mollie/ended.html", title="Nothing is left to pay here", payment=payment, sentence=sentence
    )


def _back_to(url: str) -> Response:
    # As it was given: a redirect that normalises the address would change what the shop signed.
    response = Response(status=303)
    response.autocorrect_location_header = False
    response.headers["Location"] = url
    return response

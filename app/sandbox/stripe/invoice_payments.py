"""Invoice payments: which payment intent pays which invoice."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import events, expand, lists, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "invoice_payments"

expand.fill("invoice", "payments", KIND, "invoice", "/v1/invoice_payments")


@routes.get("/v1/invoice_payments")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "invoice", "status")
    wanted = params.get("payment", {})

    def matches(payment: Json) -> bool:
        return same(payment) and all(payment["payment"].get(k) == v for k, v in wanted.items())

    return lists.page(account, KIND, params, "/v1/invoice_payments", matches)


@routes.get("/v1/invoice_payments/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


def make(account: Account, invoice: Json, intent: Json) -> Json:
    """Store that a payment intent is to pay an invoice."""
    payment = blank(
        "invoice_payment",
        id=account.mint("inpay_1"),
        amount_paid=None,
        amount_requested=invoice["amount_due"],
        created=account.timestamp(),
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"payment_intent": intent["id"], "type": "payment_intent"},
        status="open",
    )
    return account.save(KIND, payment)


def of_invoice(account: Account, invoice_id: str) -> Json | None:
    """Find the payment of an invoice."""
    return next(iter(account.find(KIND, lambda p: p["invoice"] == invoice_id)), None)


def of_intent(account: Account, intent_id: str) -> Json | None:
    """Find what a payment intent pays."""
    found = account.find(KIND, lambda p: p["payment"]["payment_intent"] == intent_id)
    return next(iter(found), None)


def pay(account: Account, payment: Json) -> None:
    """Mark it as paid, and tell of it."""
    payment |= {"status": "paid", "amount_paid": payment["amount_requested"]}
    payment["status_transitions"]["paid_at"] = account.timestamp()
    account.save(KIND, payment)
    events.emit(account, "invoice_payment.paid", payment)

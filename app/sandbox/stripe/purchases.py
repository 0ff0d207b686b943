"""Make what a checkout session sells: a payment, a subscription, a kept method."""

from typing import Any

from app.sandbox.store import Json
from app.sandbox.stripe import (
    collection,
    invoice_lines,
    invoices,
    methods,
    objects,
    payment_intents,
    payment_methods,
    session_lines,
    setup_intents,
    subscriptions,
)
from app.sandbox.stripe.invoice_lines import Draft
from app.sandbox.world import Account


def make(
    account: Account,
    session: Json,
    customer: Json | None,
    method: Json,
    *,
    delayed: bool,
    off_by: int,
) -> Json:
    """Make it and give the session fields that name it; `off_by` is a fault's wrong amount."""
    if session["mode"] == "payment":
        return _payment(account, session, customer, method, delayed=delayed)
    if session["mode"] == "setup":
        return _setup(account, session, customer, method, delayed=delayed)
    assert customer is not None, "a subscription always has a customer"
    return _subscription(account, session, customer, method, delayed=delayed, off_by=off_by)


def takes_money(session: Json) -> bool:
    return bool(session["mode"] != "setup" and session["amount_total"] > 0)


def intent_of(account: Account, session: Json) -> tuple[Json, Json]:
    """Give the session's payment intent, made at the first attempt; stores the session."""
    id = session["payment_intent"] or session.get("_payment_intent")
    if id:
        return session, objects.get(account, "payment_intents", id)
    data = session["_data"] if session["mode"] == "payment" else {}
    intent = payment_intents.make(
        account,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        types=session["payment_method_types"],
        data=data,
    )
    # Only a payment's session shows its intent; a subscription's is reached through the invoice.
    name = "payment_intent" if session["mode"] == "payment" else "_payment_intent"
    session = account.save("checkout_sessions", {**session, name: intent["id"]})
    return session, intent


def _payment(
    account: Account, session: Json, customer: Json | None, method: Json, *, delayed: bool
) -> Json:
    if not takes_money(session):
        return {"payment_status": "no_payment_required"}
    session, intent = intent_of(account, session)
    if customer and intent["setup_future_usage"]:
        _keep(account, method, customer)
    intent |= {
        "amount": session["amount_total"],
        "customer": customer["id"] if customer else None,
    }
    intent = payment_intents.confirm(account, intent, method, decline=None, delayed=delayed)
    return {
        "payment_intent": intent["id"],
        "payment_status": "unpaid" if delayed else "paid",
    }


def _setup(
    account: Account, session: Json, customer: Json | None, method: Json, *, delayed: bool
) -> Json:
    intent = objects.get(account, "setup_intents", session["setup_intent"])
    method = _keep(account, method, customer)
    if delayed and method["type"] != "sepa_debit":
        setup_intents.process(account, intent, method)
    else:
        setup_intents.succeed(account, intent, method)
    return {"payment_status": "no_payment_required"}


def _subscription(
    account: Account,
    session: Json,
    customer: Json,
    method: Json,
    *,
    delayed: bool,
    off_by: int,
) -> Json:
    kept = _keep(account, method, customer)
    intent = None
    if takes_money(session):
        session, intent = intent_of(account, session)
        intent |= {"amount": session["amount_total"], "customer": customer["id"]}
    else:
        setup = setup_intents.make(account, customer["id"], session["payment_method_types"], {})
        setup_intents.succeed(account, setup, kept)
    subscription = _begin(account, session, customer, kept)
    invoice = invoices.create(
        account,
        customer=objects.get(account, "customers", customer["id"]),
        currency=session["currency"],
        drafts=_first_lines(account, session, subscription),
        reason="subscription_create",
        subscription=subscription,
        off_by=off_by,
    )
    invoice = invoices.finalize(account, invoice)
    invoice = collection.collect(
        account, invoice, method, intent=intent, delayed=delayed, on_session=True
    )
    _settle_status(account, subscription, invoice)
    paid = "paid" if invoice["status"] == "paid" else "unpaid"
    return {
        "invoice": invoice["id"],
        "payment_status": paid if takes_money(session) else "no_payment_required",
        "subscription": subscription["id"],
        "_payment_intent": session.get("_payment_intent"),
    }


def _settle_status(account: Account, subscription: Json, invoice: Json) -> None:
    """Start the plan: also while a debit is on its way, as Stripe does for delayed methods."""
    running = "active" if subscription["status"] == "incomplete" else subscription["status"]
    subscriptions.change(account, subscription, latest_invoice=invoice["id"], status=running)


def _keep(account: Account, method: Json, customer: Json | None) -> Json:
    """Attach what later charges will use: a bank redirect leaves a SEPA debit behind."""
    saved_as = methods.METHODS[method["type"]].saved_as
    if saved_as == "sepa_debit" and method["type"] != "sepa_debit":
        method = payment_methods.sepa_debit(account, methods.GOOD_IBAN, method["billing_details"])
    if customer:
        return payment_methods.attach_to(account, method["id"], customer["id"])
    return method


def _begin(account: Account, session: Json, customer: Json, method: Json) -> Json:
    items = [
        {
            "price": item["price"],
            "quantity": item["quantity"],
            "tax_rates": item["_tax_rates"],
            "metadata": item["metadata"],
        }
        for item in session_lines.recurring(session["_items"])
    ]
    data: dict[str, Any] = session["_data"]
    return subscriptions.begin(
        account, customer=customer, items=items, data=data, method=method["id"]
    )


def _first_lines(account: Account, session: Json, subscription: Json) -> list[Draft]:
    drafts = []
    for item in subscription["items"]["data"]:
        start, end = item["current_period_start"], item["current_period_end"]
        draft = invoice_lines.whole(account, subscription, item, start, end)
        if subscription["status"] == "trialing":
            name = invoice_lines.product_name(account, item["price"])
            free = {**vars(draft), "amount": 0, "description": f"Trial period for {name}"}
            draft = Draft(**free)
        drafts.append(draft)
    return drafts + [
        _one_time(account, item, subscription) for item in session_lines.one_time(session["_items"])
    ]


def _one_time(account: Account, item: Json, subscription: Json) -> Draft:
    now = account.timestamp()
    return Draft(
        description=item["description"],
        price=item["price"],
        quantity=item["quantity"],
        rates=item["_tax_rates"],
        amount=item["amount_subtotal"],
        start=now,
        end=now,
        subscription=subscription["id"],
        metadata=item["metadata"] or {},
    )

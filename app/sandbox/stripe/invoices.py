"""Invoices: drawn up from lines, and finalized."""

from collections.abc import Sequence

from app.sandbox.store import Json
from app.sandbox.stripe import (
    collection,
    errors,
    events,
    expand,
    invoice_lines,
    invoice_payments,
    lists,
    objects,
)
from app.sandbox.stripe.declared import blank
from app.sandbox.stripe.invoice_lines import Draft
from app.sandbox.world import Account

KIND = "invoices"


@expand.includes("invoice", "confirmation_secret")
def confirmation_secret(account: Account, invoice: Json) -> Json:
    payment = invoice_payments.of_invoice(account, invoice["id"])
    if payment is None:
        raise errors.invalid("This invoice has no payment to confirm.", "expand")
    intent = objects.get(account, "payment_intents", payment["payment"]["payment_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}


def subscription_of(invoice: Json) -> str | None:
    """Answer the subscription an invoice is of."""
    parent = invoice["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def build(
    account: Account,
    *,
    id: str,
    customer: Json,
    currency: str,
    drafts: Sequence[Draft],
    reason: str,
    subscription: Json | None,
    off_by: int = 0,
) -> Json:
    """Draw up an invoice without storing it; `off_by` is a fault's wrong amount."""
    counted = [draft.counted for draft in drafts]
    total = sum(c.total for c in counted) + off_by
    net = sum(c.net for c in counted)
    balance = customer["balance"]
    due = max(0, total + balance)
    now = account.timestamp()
    lines = [invoice_lines.show(account, draft, id) for draft in drafts]
    return blank(
        "invoice",
        id=id,
        account_country="DE",
        account_name="Sandbox",
        amount_due=due,
        amount_remaining=due,
        auto_advance=True,
        billing_reason=reason,
        collection_method="charge_automatically",
        created=now,
        currency=currency,
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        customer_shipping=customer["shipping"],
        customer_tax_exempt=customer["tax_exempt"],
        customer_tax_ids=[],
        lines=lists.plain(lines, f"/v1/invoices/{id}/lines"),
        metadata={},
        parent=_parent(subscription),
        period_end=now,
        period_start=now,
        starting_balance=balance,
        ending_balance=balance + total - due,
        status="draft",
        subtotal=sum(c.subtotal for c in counted),
        subtotal_excluding_tax=net,
        total=total,
        total_discount_amounts=[],
        total_excluding_tax=net,
        total_pretax_credit_amounts=[],
        total_taxes=invoice_lines.total_taxes(drafts),
    )


def create(account: Account, **values: object) -> Json:
    """Store a draft and tell of it; the values are those of `build`."""
    invoice = build(account, id=account.mint("in_1"), **values)  # type: ignore[arg-type]
    account.save(KIND, invoice)
    events.emit(account, "invoice.created", invoice)
    return invoice


def finalize(account: Account, invoice: Json) -> Json:
    """Give a draft its number and open it; one with nothing due is paid at once."""
    customer = objects.get(account, "customers", invoice["customer"])
    number = customer["next_invoice_sequence"]
    customer |= {"next_invoice_sequence": number + 1, "balance": invoice["ending_balance"]}
    account.save("customers", customer)
    now = account.timestamp()
    page = f"{account.world.base_url}/stripe/invoice/{invoice['id']}"
    invoice |= {
        "number": f"{customer['invoice_prefix']}-{number:04d}",
        "effective_at": now,
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "status": "open",
    }
    invoice["status_transitions"]["finalized_at"] = now
    account.save(KIND, invoice)
    events.emit(account, "invoice.finalized", invoice)
    return collection.mark_paid(account, invoice) if invoice["amount_due"] == 0 else invoice


def _parent(subscription: Json | None) -> Json | None:
    if subscription is None:
        return None
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return {
        "quote_details": None,
        "subscription_details": details,
        "type": "subscription_details",
    }

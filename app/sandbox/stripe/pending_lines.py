"""Lines that wait for an invoice, and the invoice that takes them."""

from app.sandbox.store import Json
from app.sandbox.stripe import collection, invoices, objects, prorations, subscriptions
from app.sandbox.stripe.invoice_lines import Draft
from app.sandbox.world import Account


def read(account: Account, subscription: Json) -> list[Draft]:
    """Give the prorations that wait for the next invoice."""
    row = account.load("pending_lines", subscription["id"])
    return [Draft(**values) for values in row["drafts"]] if row else []


def clear(account: Account, subscription: Json) -> None:
    """Let nothing wait any more."""
    account.delete("pending_lines", subscription["id"])


def keep(account: Account, subscription: Json, drafts: list[Draft]) -> None:
    """Let prorations wait for the next invoice."""
    if drafts:
        kept = [vars(draft) for draft in read(account, subscription) + drafts]
        account.save("pending_lines", {"id": subscription["id"], "drafts": kept})


def bill_all(account: Account, subscription: Json) -> None:
    """Invoice what waits, now."""
    drafts = read(account, subscription)
    if drafts:
        clear(account, subscription)
        invoice = invoice_for(account, subscription, drafts)
        bill(account, subscription, invoice)


def bill(account: Account, subscription: Json, invoice: Json) -> Json:
    """Finalize and collect an invoice, then give the subscription the status that follows."""
    invoice = invoices.finalize(account, invoice)
    method = subscriptions.method_of(account, subscription)
    invoice = collection.collect(account, invoice, method)
    if not collection.is_processing(account, invoice):
        subscriptions.follow(account, invoice)
    return objects.get(account, "invoices", invoice["id"])


def invoice_for(account: Account, subscription: Json, drafts: list[Draft]) -> Json:
    """Draw up an invoice of some prorations."""
    return invoices.create(
        account,
        customer=objects.get(account, "customers", subscription["customer"]),
        currency=subscription["currency"],
        drafts=drafts,
        reason="subscription_update",
        subscription=subscription,
    )


def credit_rest(account: Account, subscription: Json) -> None:
    """Credit what is left of the period, for a cancellation with `prorate`."""
    at = account.timestamp()
    drafts = [
        prorations.part(account, subscription, item, at, credit=True)
        for item in subscription["items"]["data"]
    ]
    keep(account, subscription, drafts)

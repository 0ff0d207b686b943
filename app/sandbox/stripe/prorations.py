"""Prorate: credit what is left of the old, charge what is left of the new, by the second."""

from datetime import UTC, datetime
from decimal import Decimal

from app.sandbox.store import Json
from app.sandbox.stripe import amounts, errors, invoice_lines, subscriptions
from app.sandbox.stripe.invoice_lines import Draft
from app.sandbox.world import Account


def date(account: Account, subscription: Json, params: Json) -> int:
    """Give the second to prorate at; raises Refusal outside the present period."""
    at = int(params.get("proration_date", account.timestamp()))
    start, until = subscriptions.period_start(subscription), subscriptions.period_end(subscription)
    if not start <= at <= until:
        message = "Cannot specify `proration_date` outside of current subscription period."
        raise errors.invalid(message, "proration_date")
    return at


def make(
    account: Account, subscription: Json, new: list[Json], at: int, restarts: bool
) -> list[Draft]:
    """Draft credits for what ends and charges for what begins within the period."""
    old = {item["id"]: item for item in subscription["items"]["data"]}
    kept = {item["id"]: item for item in new}
    drafts = []
    for id, item in old.items():
        if restarts or _sold(item) != _sold(kept.get(id)):
            drafts.append(part(account, subscription, item, at, credit=True))
    if not restarts:
        for id, item in kept.items():
            if _sold(item) != _sold(old.get(id)):
                drafts.append(part(account, subscription, item, at, credit=False))
    return drafts


def part(account: Account, subscription: Json, item: Json, at: int, *, credit: bool) -> Draft:
    """Draft the rest of a period, second by second, as a credit or as a charge."""
    start, until = item["current_period_start"], item["current_period_end"]
    quantity = item.get("quantity", 1)
    share = Decimal(max(0, until - at)) / Decimal(until - start)
    amount = amounts.half_up(amounts.unit(item["price"]) * quantity * share)
    name = invoice_lines.product_name(account, item["price"])
    day = datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")
    words = "Unused time on" if credit else "Remaining time on"
    return Draft(
        description=f"{words} {quantity} × {name} after {day}",
        price=item["price"],
        quantity=quantity,
        rates=invoice_lines.rates_of(subscription, item),
        amount=-amount if credit else amount,
        start=at,
        end=until,
        subscription=subscription["id"],
        item=item["id"],
        proration=True,
    )


def _sold(item: Json | None) -> object:
    if item is None:
        return None
    return item["price"]["id"], item.get("quantity", 1), [r["id"] for r in item["tax_rates"]]

"""Preview an invoice: the next one, or the one a change would make."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import (
    customers,
    errors,
    invoice_lines,
    invoices,
    objects,
    pending_lines,
    periods,
    prices,
    subscription_changes,
    subscriptions,
    tax_rates,
)
from app.sandbox.stripe.invoice_lines import Draft
from app.sandbox.world import Account

routes = Routes()
DONE = ("customer", "currency", "expand", "preview_mode", "subscription", "subscription_details")
DETAILS = (
    "billing_cycle_anchor",
    "cancel_at_period_end",
    "default_tax_rates",
    "items",
    "proration_behavior",
    "proration_date",
)


@routes.post("/v1/invoices/create_preview")
def create_preview(account: Account, params: Json) -> Json:
    details = params.get("subscription_details", {})
    for name in [n for n in params if n not in DONE] + [n for n in details if n not in DETAILS]:
        raise errors.not_done(f"{name} in POST /v1/invoices/create_preview", name)
    if "subscription" in params:
        return _of_subscription(account, params, details)
    if "customer" not in params:
        raise errors.missing("customer")
    return _of_new(account, params["customer"], details)


def _of_subscription(account: Account, params: Json, details: Json) -> Json:
    subscription = objects.get(account, "subscriptions", params["subscription"], "subscription")
    if subscription["status"] in subscriptions.ENDED:
        message = "No upcoming invoices for customer: the subscription is canceled."
        raise errors.error(404, "invalid_request_error", message, code="invoice_upcoming_none")
    with_rates = _with_rates(account, subscription, details)
    change = subscription_changes.plan(account, with_rates, details)
    now = change.restarts or details.get("proration_behavior") == "always_invoice"
    drafts = pending_lines.read(account, with_rates) + change.prorations
    if params.get("preview_mode") == "recurring":
        drafts, now = [], False
    if change.restarts:
        drafts += subscription_changes.restarted(account, with_rates, change)
    elif not now and not _ends(with_rates, details):
        drafts += _next_period(account, with_rates, change.items)
    reason = "subscription_update" if now else "upcoming"
    return _build(
        account, with_rates["customer"], with_rates["currency"], drafts, reason, with_rates
    )


def _of_new(account: Account, customer_id: str, details: Json) -> Json:
    customer = customers.present(account, customer_id)
    wanted = details.get("items")
    if not wanted:
        raise errors.missing("subscription_details[items]")
    now = account.timestamp()
    defaults = tax_rates.usable(
        account, details.get("default_tax_rates") or [], "subscription_details[default_tax_rates]"
    )
    drafts = []
    for number, given in enumerate(wanted):
        param = f"subscription_details[items][{number}]"
        price = _price(account, given, param)
        rates = tax_rates.usable(account, given.get("tax_rates") or [], f"{param}[tax_rates]")
        item = {
            "id": account.mint("si_", 14),
            "price": price,
            "quantity": given.get("quantity", 1),
            "tax_rates": rates,
        }
        owner = {"id": None, "default_tax_rates": defaults}
        until = periods.end(now, now, price["recurring"])
        drafts.append(invoice_lines.whole(account, owner, item, now, until))
    currency = drafts[0].price["currency"]
    return _build(account, customer["id"], currency, drafts, "upcoming", None)


def _build(
    account: Account,
    customer_id: str,
    currency: str,
    drafts: list[Draft],
    reason: str,
    subscription: Json | None,
) -> Json:
    return invoices.build(
        account,
        id=account.mint("upcoming_in_1"),
        customer=objects.get(account, "customers", customer_id, "customer"),
        currency=currency,
        drafts=drafts,
        reason=reason,
        subscription=subscription,
    )


def _with_rates(account: Account, subscription: Json, details: Json) -> Json:
    if "default_tax_rates" not in details:
        return subscription
    param = "subscription_details[default_tax_rates]"
    rates = tax_rates.usable(account, details["default_tax_rates"] or [], param)
    return {**subscription, "default_tax_rates": rates}


def _next_period(account: Account, subscription: Json, items: list[Json]) -> list[Draft]:
    start = subscriptions.period_end(subscription)
    recurring = items[0]["price"]["recurring"]
    until = periods.end(subscription["billing_cycle_anchor"], start, recurring)
    return [invoice_lines.whole(account, subscription, item, start, until) for item in items]


def _ends(subscription: Json, details: Json) -> bool:
    return bool(details.get("cancel_at_period_end", subscription["cancel_at_period_end"]))


def _price(account: Account, given: Json, param: str) -> Json:
    if "price" in given:
        price = objects.get(account, "prices", given["price"], f"{param}[price]")
    elif "price_data" in given:
        price = prices.make(account, given["price_data"], f"{param}[price_data]")
    else:
        raise errors.missing(f"{param}[price]")
    if not price["recurring"]:
        raise errors.invalid("This field only accepts prices with `type=recurring`.", param)
    return price

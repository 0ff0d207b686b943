"""Find, store and show Stripe's objects; keys that begin with an underscore stay inside."""

from typing import Any

from app.sandbox.store import Json
from app.sandbox.stripe import errors
from app.sandbox.world import Account

API_VERSION = "2026-10-28.endive"

KINDS = {
    "ch_": "charges",
    "cs_": "checkout_sessions",
    "cus_": "customers",
    "evt_": "events",
    "in_": "invoices",
    "inpay_": "invoice_payments",
    "mandate_": "mandates",
    "pi_": "payment_intents",
    "pm_": "payment_methods",
    "price_": "prices",
    "prod_": "products",
    "re_": "refunds",
    "seti_": "setup_intents",
    "sub_": "subscriptions",
    "txi_": "tax_ids",
    "txr_": "tax_rates",
    "we_": "webhook_endpoints",
}


def get(account: Account, kind: str, id: str, param: str = "id") -> Json:
    """Load an object; raises Refusal `resource_missing` naming `param`."""
    found = account.load(kind, id)
    if found is None:
        raise errors.no_such(kind, id, param)
    return found


def by_id(account: Account, id: str) -> Json | None:
    """Load whatever object an id names, for expansion."""
    kind = KINDS.get(id.partition("_")[0] + "_")
    return account.load(kind, id) if kind else None


def public(value: Any) -> Any:
    """Leave out what is ours only, at every level."""
    if isinstance(value, dict):
        return {name: public(v) for name, v in value.items() if not name.startswith("_")}
    return [public(item) for item in value] if isinstance(value, list) else value


def difference(before: Json, after: Json) -> Json:
    """Give what the changed fields held before, as an event's `previous_attributes`."""
    return {name: value for name, value in before.items() if after.get(name) != value}


def merge_metadata(old: Json | None, new: Json | str | None) -> Json:
    """Apply Stripe's rule: keys are merged, an empty value removes one, "" removes all."""
    if new is None:
        return old or {}
    if isinstance(new, str):
        return {}
    merged = {**(old or {}), **new}
    return {key: value for key, value in merged.items() if value != ""}

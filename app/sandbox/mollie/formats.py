"""Write our records as Mollie's objects."""

from collections.abc import Collection
from decimal import Decimal

from app.sandbox.mollie import links, methods, money, profiles, records
from app.sandbox.store import Json
from app.sandbox.world import Account

# What a payment shows even while it is null; its other fields are left out.
_NULLABLE = ("method", "metadata", "redirectUrl", "cancelUrl", "webhookUrl", "details", "locale")


def customer(account: Account, customer: Json) -> Json:
    """Write a customer."""
    path = f"/customers/{customer['id']}"
    return {
        "resource": "customer",
        "mode": "test",
        **_without(customer, ("isDeleted",)),
        "_links": {
            "self": links.api(account, path),
            "dashboard": links.dashboard(f"customers/{customer['id']}"),
            "payments": links.api(account, f"{path}/payments"),
            "mandates": links.api(account, f"{path}/mandates"),
            "subscriptions": links.api(account, f"{path}/subscriptions"),
            "documentation": links.documentation("get-customer"),
        },
    }


def mandate(account: Account, mandate: Json) -> Json:
    """Write a mandate."""
    path = f"/customers/{mandate['customerId']}"
    return {
        "resource": "mandate",
        "mode": "test",
        **_without(mandate, ("isRevoked", "failsWith")),
        "_links": {
            "self": links.api(account, f"{path}/mandates/{mandate['id']}"),
            "customer": links.api(account, path),
            "documentation": links.documentation("get-mandate"),
        },
    }


def subscription(account: Account, subscription: Json) -> Json:
    """Write a subscription."""
    owner = f"/customers/{subscription['customerId']}"
    path = f"{owner}/subscriptions/{subscription['id']}"
    absent = [n for n in ("nextPaymentDate", "canceledAt") if subscription[n] is None]
    return {
        "resource": "subscription",
        "mode": "test",
        **_without(subscription, ("anchor", "made", *absent)),
        "_links": {
            "self": links.api(account, path),
            "customer": links.api(account, owner),
            "mandate": links.api(account, f"{owner}/mandates/{subscription['mandateId']}"),
            "payments": links.api(account, f"{path}/payments"),
            "profile": links.api(account, "/profiles/me"),
            "documentation": links.documentation("get-subscription"),
        },
    }


def refund(account: Account, refund: Json) -> Json:
    """Write a refund."""
    path = f"/payments/{refund['paymentId']}"
    return {
        "resource": "refund",
        "mode": "test",
        **refund,
        "_links": {
            "self": links.api(account, f"{path}/refunds/{refund['id']}"),
            "payment": links.api(account, path),
            "documentation": links.documentation("get-refund"),
        },
    }


def chargeback(account: Account, chargeback: Json) -> Json:
    """Write a chargeback."""
    path = f"/payments/{chargeback['paymentId']}"
    return {
        "resource": "chargeback",
        **chargeback,
        "_links": {
            "self": links.api(account, f"{path}/chargebacks/{chargeback['id']}"),
            "payment": links.api(account, path),
            "documentation": links.documentation("get-chargeback"),
        },
    }


def payment(account: Account, payment: Json) -> Json:
    """Write a payment; some of its fields are left out while they are null."""
    absent = [name for name, v in payment.items() if v is None and name not in _NULLABLE]
    shown = _without(payment, ("challenge", "allowed", "refunded", "chargedBack", *absent))
    return {
        "resource": "payment",
        "mode": "test",
        "profileId": profiles.id_of(account),
        **shown,
        **_payment_state(payment),
        "_links": _payment_links(account, payment),
    }


def _payment_state(payment: Json) -> Json:
    if payment["status"] not in records.PAYMENT_ENDS:
        return {"isCancelable": methods.is_cancelable(payment)}
    if payment["status"] != "paid":
        return {}
    currency = payment["amount"]["currency"]
    state: Json = {
        "amountRefunded": money.write(Decimal(payment["refunded"]), currency),
        "amountRemaining": money.write(records.refundable(payment), currency),
    }
    if Decimal(payment["chargedBack"]):
        state["amountChargedBack"] = money.write(Decimal(payment["chargedBack"]), currency)
    return state


def _payment_links(account: Account, payment: Json) -> Json:
    path = f"/payments/{payment['id']}"
    written = {
        "self": links.api(account, path),
        "dashboard": links.dashboard(f"payments/{payment['id']}"),
        "documentation": links.documentation("get-payment"),
    }
    if payment["status"] == "open" and payment["sequenceType"] != "recurring":
        written["checkout"] = links.page(account, f"/checkout/{payment['id']}")
    for name, figure in (("refunds", "refunded"), ("chargebacks", "chargedBack")):
        if Decimal(payment[figure]):
            written[name] = links.api(account, f"{path}/{name}")
    return {**written, **_owner_links(account, payment)}


def _owner_links(account: Account, payment: Json) -> Json:
    if not payment["customerId"]:
        return {}
    owner = f"/customers/{payment['customerId']}"
    written = {"customer": links.api(account, owner)}
    for name in ("mandate", "subscription"):
        if payment[f"{name}Id"]:
            written[name] = links.api(account, f"{owner}/{name}s/{payment[f'{name}Id']}")
    return written


def _without(record: Json, names: Collection[str]) -> Json:
    return {name: value for name, value in record.items() if name not in names}

"""Ways to pay: which sequence and currency each can do, how long each stays open."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.sandbox.gateway import Routes
from app.sandbox.mollie import fields, links, money
from app.sandbox.mollie.refusals import invalid, refusal
from app.sandbox.store import Json
from app.sandbox.world import Account

EURO = frozenset({"EUR"})
ONCE = frozenset({"oneoff", "first"})
# For a payment that leaves the choice to the page.
UNDECIDED_STAYS_OPEN = timedelta(minutes=30)


@dataclass(frozen=True)
class Method:
    """`mandate` is the kind of mandate a first payment makes; the times are Mollie's, "Payment
    status changes". `is_cancelable` is about an open payment."""

    id: str
    description: str
    currencies: frozenset[str]
    sequences: frozenset[str]
    stays_open: timedelta
    mandate: str | None = "directdebit"
    is_cancelable: bool = True
    takes_nothing: bool = False


METHODS = {
    method.id: method
    for method in (
        Method(
            "creditcard",
            "Card",
            money.CARD_CURRENCIES,
            ONCE | {"recurring"},
            timedelta(minutes=30),
            mandate="creditcard",
            takes_nothing=True,
        ),
        Method("ideal", "iDEAL", EURO, ONCE, timedelta(minutes=15), is_cancelable=False),
        Method("bancontact", "Bancontact", EURO, ONCE, timedelta(hours=1)),
        Method("eps", "EPS", EURO, ONCE, timedelta(hours=1)),
        Method("belfius", "Belfius Pay Button", EURO, ONCE, timedelta(hours=1)),
        Method("kbc", "KBC/CBC Payment Button", EURO, ONCE, timedelta(hours=1)),
        Method(
            "paypal",
            "PayPal",
            money.PAYPAL_CURRENCIES,
            ONCE | {"recurring"},
            timedelta(hours=72),
            mandate="paypal",
            takes_nothing=True,
        ),
        Method(
            "directdebit",
            "SEPA Direct Debit",
            EURO,
            frozenset({"recurring"}),
            timedelta(days=14),
            mandate=None,
        ),
    )
}
KNOWN_ELSEWHERE = frozenset(
    {
        *("alma", "applepay", "bacs", "bancomatpay", "banktransfer", "billie", "billink", "bizum"),
        *("blik", "giftcard", "in3", "klarna", "mbway", "mobilepay", "multibanco", "mybank"),
        *("paybybank", "paysafecard", "pointofsale", "przelewy24", "riverty", "satispay"),
        *("swish", "trustly", "twint", "vipps", "voucher", "wero"),
    }
)
routes = Routes()


def possible(sequence: str, currency: str) -> list[Method]:
    """Answer the ways to pay for a sequence in a currency."""
    return [
        method
        for method in METHODS.values()
        if sequence in method.sequences and currency in method.currencies
    ]


def is_cancelable(payment: Json) -> bool:
    """Whether the shop can still end a payment."""
    method = METHODS.get(payment["method"] or "")
    return payment["status"] == "open" and (method is None or method.is_cancelable)


def names(value: Any, field: str) -> list[str]:
    """Check one name or a list of them."""
    given = value if isinstance(value, list) else [value]
    for name in given:
        if name not in METHODS and name not in KNOWN_ELSEWHERE:
            raise invalid(field, f"The payment method {name} is invalid")
        if name not in METHODS:
            raise invalid(field, f"The payment method {name} is not activated on your account")
    return given


@routes.get("/v2/methods")
def list_methods(account: Account, params: Json) -> Json:
    query = fields.query(
        params["query"],
        *("sequenceType", "locale", "amount[value]", "amount[currency]", "billingCountry"),
        *("include", "includeWallets", "resource"),
    )
    currency = query.get("amount[currency]", "EUR")
    return _list(account, possible(query.get("sequenceType", "oneoff"), currency))


@routes.get("/v2/methods/all")
def list_all(account: Account, params: Json) -> Json:
    fields.query(
        params["query"],
        *("sequenceType", "locale", "amount[value]", "amount[currency]", "include"),
    )
    return _list(account, list(METHODS.values()))


@routes.get("/v2/methods/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    fields.query(params["query"], "locale", "currency", "include", "sequenceType")
    if id not in METHODS:
        raise refusal(404, f"No payment method exists with ID {id}.")
    method = _write(account, METHODS[id])
    method["_links"]["documentation"] = links.documentation("get-method")
    return method


def _list(account: Account, methods: list[Method]) -> Json:
    return {
        "count": len(methods),
        "_embedded": {"methods": [_write(account, method) for method in methods]},
        "_links": {
            "self": links.api(account, "/methods"),
            "documentation": links.documentation("list-methods"),
        },
    }


def _write(account: Account, method: Method) -> Json:
    image = f"https://www.mollie.com/external/icons/payment-methods/{method.id}"
    least = "0.00" if method.takes_nothing else "0.01"
    return {
        "resource": "method",
        "id": method.id,
        "description": method.description,
        "minimumAmount": {"currency": "EUR", "value": least},
        "maximumAmount": {"currency": "EUR", "value": "10000.00"},
        "image": {
            "size1x": f"{image}.png",
            "size2x": f"{image}%402x.png",
            "svg": f"{image}.svg",
        },
        "status": "activated",
        "_links": {"self": links.api(account, f"/methods/{method.id}")},
    }

"""Say no in Mollie's shape: status, title, detail, the field at fault, a link."""

from app.sandbox.gateway import Refusal
from app.sandbox.store import Json

DOCUMENTATION = "https://docs.mollie.com/reference/handling-errors"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized Request",
    404: "Not Found",
    409: "Conflict",
    410: "Gone",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
}
NOUNS = {
    "customers": "customer",
    "payments": "payment",
    "mandates": "mandate",
    "subscriptions": "subscription",
    "refunds": "refund",
    "chargebacks": "chargeback",
}


def refusal(status: int, detail: str, field: str | None = None) -> Refusal:
    """Make an answer such as 422 about one field."""
    body: Json = {
        "status": status,
        "title": TITLES[status],
        "detail": detail,
        "_links": {"documentation": {"href": DOCUMENTATION, "type": "text/html"}},
    }
    if field is not None:
        body["field"] = field
    return Refusal(status, body)


def invalid(field: str, detail: str) -> Refusal:
    """Make the 422 that names the field at fault."""
    return refusal(422, detail, field)


def missing(kind: str, id: str) -> Refusal:
    """Make the 404 for an id nothing has."""
    return refusal(404, f"No {NOUNS[kind]} exists with token {id}.")


def gone(kind: str) -> Refusal:
    """Make the 410 for what was deleted or revoked."""
    return refusal(410, f"The {NOUNS[kind]} is no longer available")


def not_modelled(what: str) -> Refusal:
    """Make the 501 for what Mollie has and this sandbox has not."""
    return refusal(501, f"This sandbox does not play {what}.")

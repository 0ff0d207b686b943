"""The operations of the line items API, as the OpenAPI document tells of them."""

from __future__ import annotations

from app.api import line_items_bodies as bodies
from app.api.dialects import Answer, Operation

_ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
_SECURITY = (("basic",),)
_TO_CREATE = {
    "line_items": [
        {
            "price_data": {
                "currency": "usd",
                "amount": 123,
                "product_data": {
                    "name": "Notebook",
                    "description": "A5, dotted",
                    "images": ["https://app.example.com/notebook.png"],
                    "metadata": {},
                },
            },
            "quantity": 123,
        }
    ],
    "customer_email": "jsmith@example.com",
    "client_reference_id": "order-4711",
    "success_url": "https://app.example.com/success",
    "cancel_url": "https://app.example.com/cancel",
    "mode": "payment",
    "user_id": _ID,
    "customer_id": _ID,
    "expires_in": 5400,
    "metadata": {},
}
_CREATED = {
    "id": _ID,
    "status": "open",
    "payment_intent_id": _ID,
    "success_url": "https://app.example.com/success",
    "cancel_url": "https://app.example.com/cancel",
    "checkout_session_url": f"https://billing.example.com/pay/{_ID}?key=0123456789abcdef",
    "client_reference_id": "order-4711",
    "expiry": "2023-11-07T05:31:56Z",
    "metadata": {},
    "line_items": [{"quantity": 123, "price_id": _ID}],
    "created": "2023-11-07T04:01:56Z",
    "updated": "2023-11-07T04:01:56Z",
    "customer_id": _ID,
    "customer_email": "jsmith@example.com",
    "amount_total": 15129,
}


def _refusal(description: str, error: str, code: str, field: str | None = None) -> Answer:
    example = {"error": error, "code": code, "field": field}
    return Answer(description, bodies.Refused, example)


_BAD = _refusal(
    "Something in the request is wrong, or cannot be sold so.",
    "expires_in input should be less than or equal to 10800",
    "invalid-input",
    "expires_in",
)
_MISSING = _refusal("It is unknown in this app.", "CheckoutSession not found", "not-found")
_ALWAYS = {
    401: _refusal(
        "The credentials are missing or wrong.",
        "We do not know this key or token.",
        "unauthorized",
    ),
    403: _refusal("The key may not do this.", "This key is for read only.", "forbidden"),
    429: _refusal(
        "Too many calls; see Retry-After.",
        "There were too many calls. Wait a little, then go on.",
        "too-many-requests",
    ),
    500: _refusal("A fault of ours.", "Internal Server Error", "internal-error"),
}

OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v2/checkout-sessions",
        summary="Create a checkout session with prices of its own",
        description="Amounts are final: no tax is decided or added. Send the payer to"
        " `checkout_session_url` before `expiry`.",
        security=_SECURITY,
        body=bodies.CheckoutSessionToCreate,
        body_example=_TO_CREATE,
        is_create=True,
        answers={
            200: Answer("Created.", bodies.CheckoutSessionBody, _CREATED),
            400: _BAD,
            404: _refusal(
                "The customer or user is unknown in this app.",
                "Customer not found",
                "not-found",
                "customer_id",
            ),
            409: _refusal(
                "A call with this Idempotency-Key is being answered.",
                "A call with this idempotency key is being answered. Ask again shortly.",
                "resource-busy",
                "Idempotency-Key",
            ),
            413: _refusal("The body is too large.", "The body is larger than 256 kB.", "too-large"),
            415: _refusal(
                "The body is not JSON.",
                "The body is of a type this address does not read.",
                "unsupported-media-type",
            ),
            503: _refusal(
                "The provider does not answer; see Retry-After.",
                "The payment provider does not answer at the moment.",
                "service-unavailable",
            ),
            **_ALWAYS,
        },
    ),
    Operation(
        method="GET",
        path="/api/v2/checkout-sessions",
        summary="List checkout sessions",
        description="Newest first.",
        security=_SECURITY,
        query=bodies.ListQuery,
        answers={
            200: Answer(
                "Some of them.",
                bodies.CheckoutSessionList,
                {"has_more": False, "data": [_CREATED]},
            ),
            400: _BAD,
            **_ALWAYS,
        },
    ),
    Operation(
        method="GET",
        path="/api/v2/checkout-sessions/{session_id}",
        summary="Get a checkout session",
        security=_SECURITY,
        answers={
            200: Answer("How it stands.", bodies.CheckoutSessionBody, _CREATED),
            404: _MISSING,
            **_ALWAYS,
        },
    ),
)

"""The operations of the articles API, as the OpenAPI document tells of them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, Field

from app.api import articles_bodies as bodies
from app.api.dialects import Answer, Operation
from app.api.servicestack import negotiate, read

_TYPES = tuple(negotiate.TYPES.values())
_READ_TYPES = ("application/json", "text/csv", *read.FORMS)

_CHECKOUT = {
    "CompanyId": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    "CountryCode": "SE",
    "Articles": [{"ArticleId": 1, "ArticleTypeId": 1, "Quantity": 1}],
    "InternalReferenceId": "booking-4711",
    "ConfirmationUrl": "https://app.example.com/confirmed",
    "CancelUrl": "https://app.example.com/cancel",
    "UiMode": "hosted",
}
_CREATED = {
    "SessionId": "cs_test_a1b2c3",
    "Url": "https://checkout.stripe.com/c/pay/cs_test_a1b2c3",
    "Status": "open",
    "CustomerId": "cus_a1b2c3",
}
_REFUSALS = {
    400: (
        "Something in the request is wrong, or cannot be sold so.",
        "NotEmpty",
        "'Country Code' must not be empty.",
        "CountryCode",
    ),
    401: ("There is no key, or it is unknown.", "Unauthorized", "Not Authenticated", ""),
    403: ("The key may not do this.", "Forbidden", "This key is for read only.", ""),
    404: (
        "The company, article or session is unknown.",
        "NotFound",
        "There is no such company.",
        "",
    ),
    409: (
        "It is being paid by an earlier checkout, or a call with this key is being answered.",
        "Conflict",
        "This is being paid, or has just been paid, by an earlier checkout.",
        "",
    ),
    413: (
        "The body is too large.",
        "RequestEntityTooLarge",
        "The body is larger than 256 kB.",
        "",
    ),
    415: (
        "The body is neither JSON nor CSV nor a form.",
        "UnsupportedMediaType",
        "The body is of a type this address does not read.",
        "",
    ),
    429: ("Too many calls; see Retry-After.", "TooManyRequests", "There were too many calls.", ""),
    500: ("A fault of ours.", "InternalServerError", "Internal Server Error", ""),
    503: (
        "The provider does not answer; see Retry-After.",
        "ServiceUnavailable",
        "The payment provider does not answer at the moment.",
        "",
    ),
}


class FormatQuery(BaseModel):
    """What a query may ask for."""

    format: str | None = Field(
        None, description="json, xml or csv; goes before the Accept header. Others are ignored."
    )


def _refusals() -> Iterator[tuple[int, Answer]]:
    for status, (description, code, message, field) in _REFUSALS.items():
        listed = [{"ErrorCode": code, "FieldName": field, "Message": message}] if field else []
        example = {"ResponseStatus": {"ErrorCode": code, "Message": message, "Errors": listed}}
        yield status, Answer(description, bodies.ErrorResponse, example, _TYPES)


OPERATIONS = (
    Operation(
        method="POST",
        path="/payment/stripe/v1/checkout",
        summary="Create a checkout for something payable",
        description="Earlier open checkouts of the same payable (company, reference and article"
        " types) are expired first. The answer's format follows the path's suffix (.json, .xml,"
        " .csv), `?format=`, or the Accept header, in this order.",
        security=(("apiKey",),),
        body=bodies.StripeV1CreateCheckout,
        body_example=_CHECKOUT,
        body_types=_READ_TYPES,
        query=FormatQuery,
        is_create=True,
        answers={
            200: Answer("Created.", bodies.StripeCheckoutQueryResponse, _CREATED, _TYPES),
            **dict(_refusals()),
        },
    ),
    Operation(
        method="POST",
        path="/payment/stripe/v1/checkout/status",
        summary="Ask how a checkout stands",
        security=(("apiKey",),),
        body=bodies.StripeV1CheckoutStatus,
        body_example={
            "CompanyId": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
            "SessionId": "cs_test_a1b2c3",
        },
        body_types=_READ_TYPES,
        query=FormatQuery,
        answers={
            200: Answer(
                "How it stands.",
                bodies.StripeCheckoutStatusResponse,
                {"CustomerEmail": "invoices@globex.example", "Status": "open"},
                _TYPES,
            ),
            **dict(_refusals()),
        },
    ),
)

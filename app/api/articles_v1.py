"""Articles, version 1: a company pays for things sold by number, as a ServiceStack host speaks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict

from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.routing import BaseConverter, Map

from app.api import articles_bodies as bodies
from app.api import articles_operations, calls, credentials, dialects
from app.api.credentials import KeyHolder, WrongKeyType
from app.api.dialects import Dialect, Refusal
from app.api.servicestack import fields, negotiate
from app.api.servicestack import read as reading
from app.api.servicestack import write as writing
from app.api.servicestack.fields import Problem, ValidationFailed
from app.api.servicestack.write import Answer
from app.billing import errors
from app.billing.ordering import articles
from app.billing.ordering.articles import Basket
from app.billing.purchase import checkouts, idempotency_keys, session_status
from app.billing.purchase.idempotency_keys import Also
from app.models import CheckoutSession

NAME = "articles_v1"
_BODIES = "http://schemas.datacontract.org/2004/07/BokaMera.API.ServiceModel.Dtos"
_ERRORS = "http://schemas.servicestack.net/types"
_CREATE = "StripeV1CreateCheckout"

blueprint = Blueprint(NAME, __name__)


class _Operation(BaseConverter):
    """The path of an operation in any case, with or without the suffix of a format."""

    part_isolating = False

    def __init__(self, map: Map, path: str) -> None:
        super().__init__(map)
        self.regex = f"(?i:{re.escape(path)})(?:\\.(?:{'|'.join(negotiate.TYPES)}))?"


@blueprint.record_once
def _teach(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["servicestack"] = _Operation


@blueprint.post('/<servicestack("payment/stripe/v1/checkout"):_path>')
def create(_path: str) -> Response:
    holder = who(writes=True)
    key = request.headers.get(idempotency_keys.FIELD)
    basket = bodies.read_basket(read(_CREATE))
    row_id = idempotency_keys.once(
        calls.db(),
        calls.site(),
        scope=f"{holder.scope} {NAME}",
        key=key,
        body=asdict(basket),
        create=lambda also: _create(holder, basket, also),
    )
    checkout = calls.db().get_one(CheckoutSession, row_id, populate_existing=True)
    return _say(write(checkout), file_name=_CREATE)


@blueprint.post('/<servicestack("payment/stripe/v1/checkout/status"):_path>')
def show_status(_path: str) -> Response:
    holder = who(writes=False)
    company, session_id = bodies.read_question(read("StripeV1CheckoutStatus"))
    checkout = articles.find(
        calls.db(), holder.app, company=company, session_id=session_id, origin=NAME
    )
    return _say(write_status(checkout), file_name="StripeV1CheckoutStatus")


def who(*, writes: bool) -> KeyHolder:
    """Answer who holds the key; a key that writes may read too."""
    try:
        return credentials.x_api_key(type="write")
    except WrongKeyType:
        if writes:
            raise
        return credentials.x_api_key(type="read")


def read(type: str) -> dict[str, object]:
    """Answer the fields of this call by lower-case name, whatever format they came in."""
    is_form = negotiate.mime_type(request.content_type or "") in reading.FORMS
    form = list(request.form.items(multi=True)) if is_form else []
    try:
        return reading.fields(
            b"" if is_form else request.get_data(),
            content_type=request.content_type or "",
            query=request.args.items(multi=True),
            form=form,
        )
    except reading.UnknownType:
        raise UnsupportedMediaType from None
    except reading.Unreadable as error:
        sentence = f"Could not read {type} from {request.content_type or 'JSON'}: {error}."
        raise ValidationFailed([Problem("SerializationException", "", sentence)]) from None


def write(checkout: CheckoutSession) -> Answer:
    """Answer a checkout as its body."""
    site = calls.site()
    status = session_status.read(checkout, now=site.clock.now())
    secret = checkout.sealed_client_secret if status == "open" else None
    intents = [p.provider_id for p in checkout.payments if p.provider_id.startswith("pi_")]
    body = bodies.StripeCheckoutQueryResponse(
        SessionId=checkout.provider_id,
        Url=checkout.url if status == "open" else None,
        Status=status,
        ClientSecret=site.vault.open(secret) if secret else None,
        CustomerId=articles.customer_id(calls.db(), checkout),
        PaymentIntentId=intents[-1] if intents else None,
        StripeAccount=checkout.provider_account.connect_id,
    )
    return Answer("StripeCheckoutQueryResponse", _BODIES, body.model_dump())


def write_status(checkout: CheckoutSession) -> Answer:
    """Answer how a checkout stands as its body."""
    collected, buyer = checkout.collected or {}, checkout.buyer or {}
    body = bodies.StripeCheckoutStatusResponse(
        CustomerEmail=collected.get("email") or buyer.get("email"),
        Status=session_status.read(checkout, now=calls.site().clock.now()),
    )
    return Answer("StripeCheckoutStatusResponse", _BODIES, body.model_dump())


def refuse(error: Exception) -> Response:
    """Answer an error in the format the caller asked for."""
    refusal = dialects.refusal(error, _STATUSES, _NAMES)
    problems = _problems(error, refusal)
    status: dict[str, object] = {
        "ErrorCode": problems[0].code,
        "Message": problems[0].message,
        "StackTrace": None,
        "Errors": [_listed(problem) for problem in problems if problem.field],
        "Meta": None,
    }
    answer = Answer(
        "ErrorResponse", _ERRORS, {"ResponseStatus": status}, "ResponseError", is_sorted=False
    )
    return _say(answer, status=refusal.status, headers=refusal.headers)


def _create(holder: KeyHolder, basket: Basket, also: Also | None) -> int:
    db, site = calls.db(), calls.site()
    order = articles.order(
        db, site, app=holder.app, basket=basket, origin=NAME, is_kept=also is not None
    )
    return checkouts.create(db, site, order, cause=holder.cause, also=also)


def _problems(error: Exception, refusal: Refusal) -> list[Problem]:
    if isinstance(error, ValidationFailed):
        return list(error.failures)
    if refusal.status == 401:
        sentence = "Invalid API Key" if "x-api-key" in request.headers else "Not Authenticated"
        return [Problem("Unauthorized", "", sentence)]
    if (refusal.status, refusal.problems[0][0]) == (404, "CompanyId"):
        return [Problem("NotFound", "CompanyId", "There is no such company.")]
    code = _CODES.get(type(error)) or _CODES_BY_STATUS.get(refusal.status, "BadRequest")
    return [Problem(code, field, _whole(field, text)) for field, text in refusal.problems]


def _whole(field: str, text: str) -> str:
    # What billing says of a value begins with its verb, for callers who put the name before it.
    return f"{fields.label(field)} {text}." if field and text[:1].islower() else text


def _listed(problem: Problem) -> dict[str, object]:
    return {
        "ErrorCode": problem.code,
        "FieldName": problem.field,
        "Message": problem.message,
        "Meta": None,
    }


def _say(
    answer: Answer,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    file_name: str | None = None,
) -> Response:
    format = _format()
    charset = "; charset=utf-8" if format == "json" else ""
    response = Response(
        writing.body(answer, format),
        status,
        headers=headers,
        content_type=negotiate.TYPES[format] + charset,
    )
    if format == "csv" and file_name:
        response.headers["Content-Disposition"] = f'attachment;filename="{file_name}.csv"'
    response.vary.add("Accept")
    return response


def _format() -> str:
    suffix = request.path.rpartition(".")[2]
    return negotiate.choose(
        suffix=suffix if suffix in negotiate.TYPES else "",
        query=request.args,
        accept=request.headers.get("Accept", ""),
        content_type=request.content_type or "",
    )


_STATUSES: dict[type[errors.BillingError], int] = {
    errors.NotAuthenticated: 401,
    WrongKeyType: 403,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Invalid: 400,
    errors.Conflict: 409,
    errors.Declined: 400,
    errors.ProviderUnavailable: 503,
    errors.Unsupported: 400,
}
_CODES: dict[type[Exception], str] = {
    errors.Invalid: "ArgumentException",
    errors.Declined: "Declined",
    errors.Unsupported: "NotSupported",
}
_CODES_BY_STATUS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}
# What billing calls a field, and what this dialect calls it.
_NAMES = {
    "tenant": "CompanyId",
    "country": "CountryCode",
    "articles": "Articles",
    "quantity": "Articles",
    "session_id": "SessionId",
    "success_url": "ConfirmationUrl",
    "cancel_url": "CancelUrl",
}

dialect = Dialect(
    name=NAME,
    title="Articles, version 1",
    owns=re.compile(r"(?is)/payment(?:/.*)?"),
    refuse=refuse,
    operations=articles_operations.OPERATIONS,
)

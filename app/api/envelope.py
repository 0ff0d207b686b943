"""The list envelope and the E-codes that seeds 001 and 002 share with what stands beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.api import dialects
from app.api.credentials import AppDisabled, WrongKeyType
from app.api.dialects import Answer
from app.billing import errors
from app.billing.purchase.idempotency_keys import InFlight

STATUSES: dict[type[errors.BillingError], int] = {
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Invalid: 400,
    errors.Conflict: 400,
    errors.Declined: 400,
    errors.ProviderUnavailable: 500,
    errors.Unsupported: 400,
    InFlight: 409,
}


class Problem(BaseModel):
    """One thing that is wrong."""

    model_config = ConfigDict(extra="forbid")

    validation: str = Field(pattern="^error$")
    code: str = Field(pattern=r"^\[E\d{4}\]$")
    message: str


class Refused(BaseModel):
    """Everything that is wrong, in the order of the fields."""

    model_config = ConfigDict(extra="forbid")

    errors: list[Problem] = Field(min_length=1)


def items(kind: str, found: Sequence[Any], *, total: int | None = None) -> Response:
    """Answer a list; `total` is how many there are beyond this page."""
    return _said(
        {
            "kind": kind,
            "totalItems": len(found) if total is None else total,
            "itemsLength": len(found),
            "items": list(found),
        }
    )


def refuse(
    error: Exception,
    *,
    unauthorized: str,
    names: Mapping[str, str],
    statuses: Mapping[type[errors.BillingError], int] = STATUSES,
) -> Response:
    """Answer a failure; `unauthorized` is what a caller we do not know is told, `names` are the
    dialect's words for the fields that billing names."""
    refusal = dialects.refusal(error, statuses, names)
    said = _fixed(refusal.error, refusal.status, unauthorized)
    code = _code(refusal.error, refusal.status)
    messages = [said] if said else [_message(*problem) for problem in refusal.problems]
    response = _said(
        {"errors": [{"validation": "error", "code": code, "message": m} for m in messages]}
    )
    response.status_code = refusal.status
    response.headers.update(refusal.headers)
    return response


def moment(at: datetime | None) -> str | None:
    """Answer a moment as the seeds write it: UTC, milliseconds, Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def refused(status: int, code: str, message: str, description: str) -> tuple[int, Answer]:
    """Describe a refusal for `/openapi.json`."""
    example = {"errors": [{"validation": "error", "code": f"[{code}]", "message": message}]}
    return status, Answer(description, Refused, example)


# What every operation in this envelope may answer.
COMMON = dict(
    (
        refused(404, "E4040", "Not Found", "There is no such thing."),
        refused(405, "E4050", "Method Not Allowed", "The address takes other methods."),
        refused(413, "E4130", "Payload Too Large", "The body is larger than 256 kB."),
        refused(429, "E4290", "Too Many Requests", "Too many calls; see Retry-After."),
        refused(
            500,
            "E0000",
            "Internal Server Error",
            "A fault of ours, or the provider does not answer; then with Retry-After.",
        ),
    )
)


def _said(body: dict[str, Any]) -> Response:
    # In the seeds' order, which Flask's own JSON would sort by name.
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")


def _fixed(error: Exception, status: int, unauthorized: str) -> str | None:
    if isinstance(error, WrongKeyType):
        return "Unauthorized API key type"
    if isinstance(error, AppDisabled):
        return "App Is Disabled"
    return {401: unauthorized, 404: "Not Found", 500: "Internal Server Error"}.get(status)


def _code(error: Exception, status: int) -> str:
    if isinstance(error, WrongKeyType):
        return "[E4011]"
    return "[E0000]" if status == 500 else f"[E{status}0]"


def _message(field: str, sentence: str) -> str:
    return (
        f"{field} {sentence}"
        if field and sentence[:1].islower()
        else (f"{field}: {sentence}" if field else sentence)
    )

"""What a dialect of our API is: the paths it owns, how it refuses, and the operations it offers."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.api import calls, limits
from app.billing.errors import BillingError

log = logging.getLogger(__name__)

# One sentence each for what Flask refuses before a dialect sees it.
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The body is larger than 256 kB.",
    415: "The body is of a type this address does not read.",
    429: "There were too many calls. Wait a little, then go on.",
}
_PATH_PLACE = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>|\{([A-Za-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of an operation: what it means, its pydantic model, and an example of it."""

    description: str
    model: type[BaseModel] | None = None
    example: Any = None
    content_types: tuple[str, ...] = ("application/json",)


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb at one path, as `/openapi.json` tells of it.

    `path` has its places in braces. `security` lists alternatives, each a tuple of scheme names of
    `app.api.openapi.SCHEMES`. `for_browsers` lets pages of the app's registered origins call it.
    """

    method: str
    path: str
    summary: str
    answers: Mapping[int, Answer]
    security: Sequence[tuple[str, ...]] = ()
    description: str = ""
    body: type[BaseModel] | None = None
    body_example: Any = None
    body_types: tuple[str, ...] = ("application/json",)
    query: type[BaseModel] | None = None
    headers: type[BaseModel] | None = None
    is_create: bool = False
    for_browsers: bool = False

    @property
    def shape(self) -> tuple[str, str]:
        """The method, and the path without the names of its places."""
        return self.method, shape_of(self.path)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of speaking to us. Every failure below the paths it owns is said by `refuse`: a
    BillingError, an HTTPException, or anything else (500, without details)."""

    name: str
    title: str
    owns: re.Pattern[str]
    refuse: Callable[[Exception], Response]
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A failure, ready to be said: `problems` are (field or "", sentence), at least one."""

    status: int
    problems: tuple[tuple[str, str], ...]
    error: Exception
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The first problem, without its field."""
        return self.problems[0][1]


def owner(dialects: Sequence[Dialect], path: str) -> Dialect | None:
    """Answer the dialect that owns a path; where several do, the first one."""
    return next((dialect for dialect in dialects if dialect.owns.match(path)), None)


def refusal(
    error: Exception,
    statuses: Mapping[type[BillingError], int],
    names: Mapping[str, str] | None = None,
) -> Refusal:
    """Answer what a dialect says about an error.

    `statuses` holds the whole closed list of `billing.errors`; `names` translates the fields that
    billing names to those of the dialect.
    """
    if isinstance(error, BillingError):
        return _anticipated(error, statuses, names or {})
    if isinstance(error, HTTPException) and (error.code or 500) < 500:
        return _refused_by_flask(error)
    log.error("call %s: %s %s", calls.call_id(), request.method, request.path, exc_info=error)
    return Refusal(500, (("", "Internal Server Error"),), error)


def status_of(error: BillingError, statuses: Mapping[type[BillingError], int]) -> int:
    """Answer the status of an error by the nearest class that has one."""
    return next(
        statuses[kind]
        for kind in type(error).__mro__
        if issubclass(kind, BillingError) and kind in statuses
    )


def shape_of(path: str) -> str:
    """Answer a path without the names of its places, whether Flask's or OpenAPI's."""
    return _PATH_PLACE.sub("{}", path)


def _anticipated(
    error: BillingError, statuses: Mapping[type[BillingError], int], names: Mapping[str, str]
) -> Refusal:
    field_name = names.get(error.field or "", error.field or "")
    problems = getattr(error, "problems", ((field_name, str(error.text)),))
    retry_after = getattr(error, "retry_after", None)
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return Refusal(status_of(error, statuses), tuple(problems), error, headers)


def _refused_by_flask(error: HTTPException) -> Refusal:
    status = error.code or 400
    headers: dict[str, str] = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    if status == 429:
        headers["Retry-After"] = str(limits.retry_after())
    sentence = _SENTENCES.get(status, "The request cannot be read.")
    return Refusal(status, (("", sentence),), error, headers)

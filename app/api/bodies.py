"""Bodies of calls, read into pydantic models; what is wrong is said by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.billing.errors import Invalid

Body = TypeVar("Body", bound=BaseModel)

_SENTENCES = {
    "missing": "is required",
    "json_invalid": "The body is not valid JSON.",
    "model_type": "The body must be a JSON object.",
    "model_attributes_type": "The body must be a JSON object.",
    "extra_forbidden": "is not known here",
}


class BadBody(Invalid):
    """A body or query is not as it should be; `problems` are (field, sentence) in the order of the
    schema, the field empty where the whole is wrong."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        field, sentence = self.problems[0]
        super().__init__("%(problem)s", field=field or None, problem=sentence)


class FieldError(ValueError):
    """Raised by a model's validator to complain about another field than its own."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def read_json(model: type[Body]) -> Body:
    """Answer the JSON body of this call; raises BadBody."""
    return parse_json(model, json_text())


def json_text() -> bytes:
    """Answer the body of this call, which says that it is JSON; raises BadBody."""
    if not request.is_json:
        raise BadBody([("", "The body must be JSON, with Content-Type: application/json.")])
    return request.get_data(cache=False)


def parse_json(model: type[Body], text: bytes | str) -> Body:
    """Answer a JSON text as a model; raises BadBody."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise _said(model, error) from None


def parse(model: type[Body], values: Mapping[str, Any]) -> Body:
    """Answer plain values as a model; raises BadBody."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _said(model, error) from None


def read_query(model: type[Body]) -> Body:
    """Answer the query of this call as a model; raises BadBody."""
    return parse(model, request.args.to_dict())


def _said(model: type[BaseModel], error: ValidationError) -> BadBody:
    order = [info.alias or name for name, info in model.model_fields.items()]
    problems = [_problem(detail) for detail in error.errors(include_url=False)]
    places = {name: place for place, name in enumerate(order)}
    # The parts of a union each complain about the same field: once is enough.
    by_field: dict[str, str] = {}
    for field, sentence in problems:
        by_field.setdefault(field, sentence)
    known = sorted(by_field.items(), key=lambda item: places.get(item[0].split(".")[0], len(order)))
    return BadBody(known)


def _problem(detail: ErrorDetails) -> tuple[str, str]:
    field = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "value_error":
        raised = detail.get("ctx", {}).get("error")
        return getattr(raised, "field", field), str(raised)
    sentence = _SENTENCES.get(detail["type"]) or detail["msg"]
    return field, sentence[0].lower() + sentence[1:] if field else sentence

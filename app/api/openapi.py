"""The OpenAPI 3.1 document of every dialect, written from what the dialects say of themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api.dialects import Answer, Dialect, Operation

VERSION = "1"
_REFERENCE = "#/components/schemas/{model}"
_PLACES = re.compile(r"\{(\w+)\}")

SCHEMES: dict[str, dict[str, str]] = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "clientId": {
        "type": "apiKey",
        "in": "header",
        "name": "x-client-id",
        "description": "The app's uuid.",
    },
    "apiKeyType": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key-type",
        "description": "`write` to create or change, `read` to read.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "RS256, for one user of the app, valid for an hour at most.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The app's uuid as the name, an API key as the password.",
    },
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "For 24 hours the same key with the same body answers what it made before.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
_HEADERS = {
    "X-Request-Id": {
        "description": "Names this call; send your own to find it again in our log.",
        "schema": {"type": "string"},
    }
}
_RETRY_AFTER = {
    "Retry-After": {"description": "In seconds.", "schema": {"type": "integer", "minimum": 1}}
}


Refs = Mapping[type[BaseModel], dict[str, Any]]


def document(dialects: Sequence[Dialect], url: str) -> dict[str, Any]:
    """Answer the document; `url` is where this installation is reached."""
    refs, schemas = _schemas(dialects)
    paths: dict[str, dict[str, Any]] = {}
    for dialect in dialects:
        for operation in dialect.operations:
            described = _operation(dialect, operation, refs)
            paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Portico",
            "version": VERSION,
            "description": "Checkout sessions in five dialects, portal links, webhooks, tokens and"
            " reads.",
        },
        "servers": [{"url": url}],
        "tags": [{"name": d.name, "description": d.title} for d in dialects if d.operations],
        "paths": paths,
        "components": {"securitySchemes": SCHEMES, "schemas": schemas},
    }


def _schemas(dialects: Sequence[Dialect]) -> tuple[Refs, dict[str, Any]]:
    models: dict[type[BaseModel], None] = {}
    for operation in (operation for dialect in dialects for operation in dialect.operations):
        answered = [answer.model for answer in operation.answers.values()]
        models |= dict.fromkeys(model for model in (operation.body, *answered) if model)
    # Two models of one name in two dialects get longer names here.
    refs, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template=_REFERENCE
    )
    return {model: refs[model, "validation"] for model in models}, schema.get("$defs", {})


def _operation(dialect: Dialect, operation: Operation, refs: Refs) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": "_".join([operation.method.lower(), *re.findall(r"\w+", operation.path)]),
        "tags": [dialect.name],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "security": [{name: [] for name in names} for names in operation.security],
        "responses": {
            str(status): _answer(status, answer, refs)
            for status, answer in sorted(operation.answers.items())
        },
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body is not None:
        schema = refs[operation.body]
        described["requestBody"] = {
            "required": True,
            "content": _content(operation.body_types, schema, operation.body_example),
        }
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    places = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PLACES.findall(operation.path)
    ]
    named = [*_of_model(operation.query, "query"), *_of_model(operation.headers, "header")]
    return [*places, *named, *([_IDEMPOTENCY_KEY] if operation.is_create else [])]


def _of_model(model: type[BaseModel] | None, where: str) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema()
    parameters = []
    for name, described in schema.get("properties", {}).items():
        told = {"description": described.pop("description")} if "description" in described else {}
        is_required = name in schema.get("required", [])
        parameters.append(
            {"name": name, "in": where, "required": is_required, **told, "schema": described}
        )
    return parameters


def _answer(status: int, answer: Answer, refs: Refs) -> dict[str, Any]:
    headers: dict[str, Any] = dict(_HEADERS)
    if status in (409, 429) or status >= 500:
        headers |= _RETRY_AFTER
    described: dict[str, Any] = {"description": answer.description, "headers": headers}
    if answer.model is not None or answer.example is not None:
        schema = refs[answer.model] if answer.model else {}
        described["content"] = _content(answer.content_types, schema, answer.example)
    return described


def _content(kinds: Sequence[str], schema: dict[str, Any], example: Any) -> dict[str, Any]:
    # The models say what JSON looks like; other formats carry the same in their own way.
    told = {"schema": schema} | ({"example": example} if example is not None else {})
    plain: dict[str, Any] = {"schema": {"type": "string"}}
    return {kind: told if kind.endswith("json") else plain for kind in kinds}

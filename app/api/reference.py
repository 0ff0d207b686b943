"""The reference of the APIs: `/openapi.json` for programs and `/docs` for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, render_template

from app.api import calls, openapi
from app.api.dialects import Dialect

blueprint = Blueprint("reference", __name__)

_TYPES = {"null": "null", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body, in words."""

    name: str
    type: str
    is_required: bool
    note: str


@blueprint.get("/openapi.json")
def machine_readable() -> Response:
    """Answer the OpenAPI document, for any origin: it holds nothing secret."""
    text = json.dumps(_document(), ensure_ascii=False, indent=2)
    response = Response(text, mimetype="application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/docs")
def readable() -> str:
    """Show the same as a page."""
    document = _document()
    return render_template(
        "api/docs.html",
        document=document,
        groups=_groups(document),
        fields=lambda schema: fields(document, schema),
        pretty=lambda value: json.dumps(value, ensure_ascii=False, indent=2),
    )


def fields(document: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    """Answer the fields of an object's schema; empty for anything else."""
    resolved = _resolved(document, schema)
    required = resolved.get("required", [])
    return [
        Field(name, _type(document, part), name in required, part.get("description", ""))
        for name, part in resolved.get("properties", {}).items()
    ]


def _document() -> dict[str, Any]:
    dialects: tuple[Dialect, ...] = current_app.extensions["dialects"]
    return openapi.document(dialects, calls.site().config.PUBLIC_URL)


def _groups(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer each dialect with its operations, in the document's order."""
    return [
        {
            "name": tag["name"],
            "title": tag["description"],
            "operations": [
                {"method": method.upper(), "path": path, **operation}
                for path, methods in document["paths"].items()
                for method, operation in methods.items()
                if tag["name"] in operation["tags"]
            ],
        }
        for tag in document["tags"]
    ]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(document, part) for part in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type(document, schema.get('items', {}))}"
    kind = schema.get("format") or schema.get("type")
    return _TYPES.get(kind, kind) if kind else "anything"

"""Check calls and answers against the providers' own schemas, for tests on either side.

The schemas are read from `../shared/contracts` beside the repository, or from CONTRACTS_DIR.
"""

import functools
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "contracts"

# Stripe's "Retrieve account": the contract holds the object, but not the call for one's own.
_ACCOUNT = {"application/json": {"schema": {"$ref": "#/components/schemas/account"}}}
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}
_EXPAND = {"type": "array", "items": {"type": "string"}}
_UNLISTED = {
    "stripe": {
        "/v1/account": {
            "get": {
                "parameters": [{"name": "expand", "in": "query", "schema": _EXPAND}],
                "responses": {"200": {"content": _ACCOUNT}, "default": {"content": _ERROR}},
            }
        }
    }
}


class ContractBroken(AssertionError):
    """A call or an answer the provider's schema does not allow; lists each place."""


def check_request(provider: str, method: str, path: str, body: Any = None) -> None:
    """Check a call as it goes over the wire; raises ContractBroken.

    `path` may carry the sandbox's prefix (`/stripe`) and a query. `body` is the raw text (form at
    Stripe, JSON at Mollie) or the decoded dict.
    """
    template, operation = _operation(provider, method, path)
    query = _nest(parse_qsl(urlsplit(path).query, keep_blank_values=True))
    parameters = [p for p in operation.get("parameters", []) if p["in"] == "query"]
    _validate(
        provider, _query_schema(parameters), query, f"query of {method} {template}", form=True
    )
    schema = _body_schema(operation)
    values = _read_body(provider, body)
    where = f"body of {method} {template}"
    if schema is None:
        if values:
            raise ContractBroken(f"{where}: the contract has none, sent {sorted(values)}")
    elif values or operation["requestBody"].get("required"):
        _validate(provider, schema, values, where, form=provider == "stripe")


def check_response(provider: str, method: str, path: str, status: int, body: Any) -> None:
    """Check an answer (a decoded body, or JSON text); raises ContractBroken."""
    template, operation = _operation(provider, method, path)
    responses = operation["responses"]
    if 200 <= status < 300 and str(status) not in responses:
        raise ContractBroken(f"{method} {template} never answers {status}, but {list(responses)}")
    answer = responses.get(str(status)) or responses["default"]
    values = json.loads(body) if isinstance(body, str | bytes) and body else body
    for content in answer.get("content", {}).values():
        _validate(provider, content["schema"], values, f"{status} of {method} {template}")


def check_object(provider: str, schema: str, value: Json) -> None:
    """Check one object against a named schema of the contract, such as Stripe's `event`."""
    _validate(provider, {"$ref": f"#/components/schemas/{schema}"}, value, schema)


@functools.cache
def load(provider: str) -> Json:
    """Read a provider's contract; fails with one sentence when it is not there."""
    folder = Path(os.environ.get("CONTRACTS_DIR") or BESIDE)
    file = folder / f"{provider}-openapi.json"
    if not file.is_file():
        raise FileNotFoundError(
            f"The contract tests need {file.name} in ../shared/contracts beside the repository or "
            "in the folder CONTRACTS_DIR names; it is in neither."
        )
    contract: Json = json.loads(file.read_text())
    for path, operation in _UNLISTED.get(provider, {}).items():
        contract["paths"].setdefault(path, operation)
    return contract


def _operation(provider: str, method: str, path: str) -> tuple[str, Json]:
    plain = urlsplit(path).path.removeprefix(f"/{provider}")
    for pattern, template, operations in _patterns(provider):
        if pattern.fullmatch(plain) and method.lower() in operations:
            return template, operations[method.lower()]
    raise ContractBroken(f"{provider} has no {method} {plain} in its contract")


@functools.cache
def _patterns(provider: str) -> list[tuple[re.Pattern[str], str, Json]]:
    # A literal path wins over one with an argument: /v1/customers/search is no customer.
    paths = sorted(load(provider)["paths"].items(), key=lambda item: item[0].count("{"))
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", template)), template, operations)
        for template, operations in paths
    ]


def _query_schema(parameters: list[Json]) -> Json:
    return {
        "type": "object",
        "properties": {p["name"]: p["schema"] for p in parameters},
        "required": [p["name"] for p in parameters if p.get("required")],
        "additionalProperties": False,
    }


def _body_schema(operation: Json) -> Json | None:
    content = operation.get("requestBody", {}).get("content", {})
    return next((entry["schema"] for entry in content.values()), None)


def _read_body(provider: str, body: Any) -> Any:
    if isinstance(body, bytes):
        body = body.decode()
    if not isinstance(body, str):
        return body or {}
    if provider == "stripe":
        return _nest(parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body)))
    return json.loads(body) if body else {}


def _nest(pairs: list[tuple[str, str]]) -> Json:
    """Turn `a[b][0]=x` into {"a": {"b": {"0": "x"}}}; lists are made where the schema says so."""
    nested: Json = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        place = nested
        for part, following in zip([first, *rest], [*rest, None], strict=True):
            step = part or str(len(place))
            if following is None:
                place[step] = value
            else:
                place = place.setdefault(step, {})
    return nested


def _validate(provider: str, schema: Json, value: Any, where: str, *, form: bool = False) -> None:
    typed = _coerce(provider, schema, value) if form else value
    errors = sorted(_validator(provider, schema).iter_errors(typed), key=lambda e: str(e.path))
    if errors:
        lines = [f"  {_place(e)}: {e.message[:300]}" for e in errors[:12]]
        raise ContractBroken(f"{where} breaks the contract:\n" + "\n".join(lines))


def _place(error: Any) -> str:
    return ".".join(str(step) for step in error.absolute_path) or "(whole)"


def _validator(provider: str, schema: Json) -> Draft202012Validator:
    return Draft202012Validator(_absolute(schema), registry=_registry(provider))


def _absolute(schema: Any) -> Any:
    """Point references of a schema taken out of the contract back into it."""
    if isinstance(schema, dict):
        return {
            key: "urn:contract" + value if key == "$ref" else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


@functools.cache
def _registry(provider: str) -> Registry[Any]:
    resource = Resource.from_contents(load(provider), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:contract", resource)
    return registry


def _coerce(provider: str, schema: Json, value: Any) -> Any:
    """Give form values the types their schema names; leave everything else as it is."""
    while "$ref" in schema:
        schema = functools.reduce(lambda d, k: d[k], schema["$ref"][2:].split("/"), load(provider))
    if "anyOf" in schema:
        return _coerce_any(provider, schema["anyOf"], value)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if isinstance(value, str):
        return _coerce_leaf(types, value)
    if isinstance(value, dict) and "array" in types and all(key.isdigit() for key in value):
        items = [value[key] for key in sorted(value, key=int)]
        return [_coerce(provider, schema.get("items", {}), item) for item in items]
    if isinstance(value, dict):
        known, rest = schema.get("properties", {}), schema.get("additionalProperties")
        other = rest if isinstance(rest, dict) else {}
        return {k: _coerce(provider, known.get(k, other), v) for k, v in value.items()}
    return value


def _coerce_any(provider: str, options: list[Json], value: Any) -> Any:
    if any(value in option.get("enum", []) for option in options if isinstance(value, str)):
        return value
    for option in options:
        coerced = _coerce(provider, option, value)
        if _validator(provider, option).is_valid(coerced):
            return coerced
    return value


def _coerce_leaf(types: list[str], value: str) -> Any:
    if "integer" in types and re.fullmatch(r"-?\d+", value):
        return int(value)
    if "number" in types and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    if "boolean" in types and value in ("true", "false"):
        return value == "true"
    return value

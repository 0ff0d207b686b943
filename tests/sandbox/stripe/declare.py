"""Make `app/sandbox/stripe/declared.json`, the sandbox's own tables, from Stripe's contract.

Run `python -m tests.sandbox.stripe.declare` after the contract or the list of endpoints changed.
"""

import json
from pathlib import Path
from typing import Any

from app.sandbox.stripe import declared
from app.sandbox.stripe.provider import ROUTES
from tests.contracts import load

Json = dict[str, Any]
SHAPES = """
    account charge checkout.session customer dispute event invoice invoice_payment item line_item
    mandate payment_intent payment_method plan price product refund setup_intent subscription
    subscription_item tax_id tax_rate webhook_endpoint
"""
# An enumeration longer than this is written once, under a name.
INLINE = 8
LETTERS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}


def declare() -> str:
    """Give the file's text: enumerations, blank objects, parameters by endpoint."""
    contract = load("stripe")
    enums: dict[str, list[str]] = {}
    parameters = {
        f"{route.method} {route.rule}": _parameters(contract, route.method, route.rule, enums)
        for route in ROUTES
    }
    shapes = {name: _blank(contract["components"]["schemas"][name]) for name in SHAPES.split()}
    tables = {"enums": enums, "shapes": shapes, "parameters": dict(sorted(parameters.items()))}
    return _write(tables)


def _parameters(contract: Json, method: str, rule: str, enums: dict[str, list[str]]) -> Json:
    operation = _operation(contract, method, rule)
    found = {
        p["name"] + ("*" if p.get("required") else ""): _code(p["schema"], p["name"], enums)
        for p in operation.get("parameters", [])
        if p["in"] == "query"
    }
    for content in operation.get("requestBody", {}).get("content", {}).values():
        found |= _code(content["schema"], "", enums)
    return found


def _operation(contract: Json, method: str, rule: str) -> Json:
    for path, operations in contract["paths"].items():
        names = [("<" in a) == ("{" in b) and (a == b or "{" in b) for a, b in _steps(rule, path)]
        if names and all(names) and method.lower() in operations:
            operation: Json = operations[method.lower()]
            return operation
    raise LookupError(f"the contract has no {method} {rule}")


def _steps(rule: str, path: str) -> list[tuple[str, str]]:
    a, b = rule.split("/"), path.split("/")
    return list(zip(a, b, strict=True)) if len(a) == len(b) else []


def _code(schema: Json, name: str, enums: dict[str, list[str]]) -> Any:
    if "anyOf" in schema:
        return {"|": [_code(option, name, enums) for option in schema["anyOf"]]}
    if "enum" in schema:
        return _enum(schema["enum"], name, enums)
    if schema["type"] == "array":
        return [_code(schema["items"], name, enums)]
    if schema["type"] != "object":
        return LETTERS[schema["type"]]
    if not schema.get("properties"):
        return "m" if "additionalProperties" in schema else {}
    required = schema.get("required", [])
    return {
        key + ("*" if key in required else ""): _code(value, key, enums)
        for key, value in schema["properties"].items()
    }


def _enum(values: list[str], name: str, enums: dict[str, list[str]]) -> str:
    if len(values) <= INLINE:
        return "=" + ",".join(values)
    for known, others in enums.items():
        if others == values:
            return f"@{known}"
    free = name if name not in enums else f"{name}_{len(enums)}"
    enums[free] = values
    return f"@{free}"


def _blank(schema: Json) -> Any:
    if "anyOf" in schema or "$ref" in schema:
        return None
    kind = schema.get("type")
    if isinstance(kind, list):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        required = schema.get("required", [])
        return {k: _blank(v) for k, v in schema.get("properties", {}).items() if k in required}
    return {"array": [], "boolean": False, "integer": 0, "number": 0}.get(str(kind), "")


def _write(tables: Json) -> str:
    parts = []
    for name, table in tables.items():
        lines = [f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in table.items()]
        parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    Path(declared.FILE).write_text(declare())

"""Read Stripe's bracketed form bodies and give each value the type its parameter declares."""

import re
from typing import Any
from urllib.parse import parse_qsl

from app.sandbox.store import Json
from app.sandbox.stripe import declared, errors

NAME = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])*")
STEP = re.compile(r"\[([^\[\]]*)\]")
DEPTH = 12
INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,12})?", re.ASCII)
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def nest(text: str) -> Json:
    """Turn `a[b][0]=x` into {"a": {"b": {"0": "x"}}}; raises Refusal."""
    nested: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if not NAME.fullmatch(name):
            raise errors.invalid(f"Invalid parameter name: {name}", name)
        steps = [name.split("[")[0], *STEP.findall(name)]
        if len(steps) > DEPTH:
            raise errors.invalid(f"Invalid parameter name: {name}", name)
        _put(nested, steps, value, name)
    return nested


def read(method: str, rule: str, text: str) -> Json:
    """Decode a body or query for one endpoint; raises Refusal for what it does not declare."""
    return _object(declared.parameters(method, rule), nest(text), "")


def _put(nested: Json, steps: list[str], value: str, name: str) -> None:
    place = nested
    for step in steps[:-1]:
        place = place.setdefault(step or str(len(place)), {})
        if not isinstance(place, dict):
            raise errors.invalid(f"Invalid parameter name: {name}", name)
    last = steps[-1] or str(len(place))
    if isinstance(place.get(last), dict):
        raise errors.invalid(f"Invalid parameter name: {name}", name)
    place[last] = value


def _object(table: Json, values: Json, prefix: str) -> Json:
    known = {name.rstrip("*"): code for name, code in table.items()}
    for name in values:
        if name == "payment_method_types" and name not in known and not prefix:
            raise errors.invalid(
                "The parameter `payment_method_types` is no longer supported. Use "
                "`allowed_payment_method_types` or `excluded_payment_method_types` instead.",
                name,
                "payment_method_types_no_longer_supported",
            )
        if name not in known:
            raise errors.unknown(_join(prefix, name))
    for name in table:
        if name.endswith("*") and name[:-1] not in values:
            raise errors.missing(_join(prefix, name[:-1]))
    return {name: _value(known[name], raw, _join(prefix, name)) for name, raw in values.items()}


def _value(code: Any, raw: Any, param: str) -> Any:
    if isinstance(code, list):
        return _list(code[0], raw, param)
    if isinstance(code, dict):
        if "|" in code:
            return _one_of(code["|"], raw, param)
        if not isinstance(raw, dict):
            raise errors.invalid("Invalid object", param)
        return _object(code, raw, param)
    if code == "m":
        return _map(raw, param)
    if not isinstance(raw, str):
        raise errors.invalid(f"Invalid {_word(code)}: {_show(raw)}", param)
    return _leaf(code, raw, param)


def _list(code: Any, raw: Any, param: str) -> list[Any]:
    if not isinstance(raw, dict) or not all(key.isascii() and key.isdigit() for key in raw):
        raise errors.invalid("Invalid array", param)
    keys = sorted(raw, key=int)
    return [_value(code, raw[key], f"{param}[{key}]") for key in keys]


def _map(raw: Any, param: str) -> Json:
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise errors.invalid("Invalid hash", param)
    if len(raw) > 50:
        raise errors.invalid("You can have up to 50 keys.", param)
    for key, value in raw.items():
        if len(key) > 40 or len(value) > 500:
            raise errors.invalid(
                "Metadata keys can have up to 40 characters and values up to 500 characters.",
                f"{param}[{key}]",
            )
    return raw


def _one_of(options: list[Any], raw: Any, param: str) -> Any:
    if isinstance(raw, str):
        for option in options:
            if isinstance(option, str) and raw in _choices(option):
                return raw
    fitting = [o for o in options if isinstance(o, list | dict) or o == "m"]
    if isinstance(raw, dict) and fitting:
        return _value(fitting[0], raw, param)
    leaves = [o for o in options if isinstance(o, str) and o != "m"]
    plain = [o for o in leaves if not o.startswith(("=", "@"))]
    return _value((plain or leaves or options)[0], raw, param)


def _leaf(code: str, raw: str, param: str) -> Any:
    if code == "s":
        return _string(raw, param)
    if code == "i":
        if not INTEGER.fullmatch(raw):
            raise errors.invalid(f"Invalid integer: {raw}", param, "parameter_invalid_integer")
        return int(raw)
    if code == "n":
        if not NUMBER.fullmatch(raw):
            raise errors.invalid(f"Invalid decimal: {raw}", param)
        return float(raw)
    if code == "b":
        if raw not in BOOLEANS:
            raise errors.invalid(f"Invalid boolean: {raw}", param)
        return BOOLEANS[raw]
    choices = _choices(code)
    if raw not in choices:
        listed = ", ".join(choices[:-1]) + f", or {choices[-1]}" if choices[1:] else choices[0]
        raise errors.invalid(f"Invalid {param}: must be one of {listed}", param)
    return raw


def _string(raw: str, param: str) -> str:
    if len(raw) > 5000:
        raise errors.invalid(
            f"Invalid string: {raw[:10]}…; must be at most 5000 characters",
            param,
            "parameter_invalid_string_too_long",
        )
    return raw


def _choices(code: str) -> list[str]:
    if code.startswith("="):
        return code[1:].split(",")
    return declared.enum(code[1:]) if code.startswith("@") else []


def _word(code: str) -> str:
    return {"s": "string", "i": "integer", "n": "decimal", "b": "boolean"}.get(code, "value")


def _show(raw: Any) -> str:
    return "{" + ", ".join(raw) + "}" if isinstance(raw, dict) else str(raw)


def _join(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name

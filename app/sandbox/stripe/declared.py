"""The declared tables: which parameters each endpoint takes, and what a blank object holds.

`declared.json` is made by `tests/sandbox/stripe/declare.py`. Codes: s i n b are string, integer,
number, boolean; m a map of strings; "=a,b" one of these; "@name" one of the enumeration so named;
[x] a list; {"|": […]} one of several; any other {…} an object, `*` marking what must be there.
"""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("declared.json")


@cache
def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = json.loads(FILE.read_text())
    return tables


def parameters(method: str, rule: str) -> dict[str, Any]:
    """Give the parameter table of one endpoint."""
    table: dict[str, Any] = _tables()["parameters"].get(f"{method} {rule}", {})
    return table


def enum(name: str) -> list[str]:
    values: list[str] = _tables()["enums"][name]
    return values


def blank(object: str, **values: Any) -> dict[str, Any]:
    """Make an object with every field Stripe always sends, null or empty, then `values`."""
    shape: dict[str, Any] = copy.deepcopy(_tables()["shapes"][object])
    return shape | values

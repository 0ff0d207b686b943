"""Page through objects as Stripe does: newest first, by cursor."""

from collections.abc import Callable
from typing import Any

from app.sandbox.store import Json
from app.sandbox.stripe import errors
from app.sandbox.stripe.objects import public
from app.sandbox.world import Account

Matches = Callable[[Json], bool]
LIMIT = 10
RANGE = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def page(account: Account, kind: str, params: Json, url: str, matches: Matches) -> Json:
    """Give one page of a kind; raises Refusal for a bad limit or an unknown cursor."""
    values = account.find(kind, lambda v: matches(v) and in_range(params.get("created"), v))
    return cut(values[::-1], params, url, kind)


def cut(values: list[Json], params: Json, url: str, kind: str) -> Json:
    """Cut a page out of all that fits, in the order given."""
    limit = params.get("limit", LIMIT)
    if not 1 <= limit <= 100:
        bound = "greater than or equal to 1" if limit < 1 else "less than or equal to 100"
        message = f"This value must be {bound}."
        raise errors.invalid(message, "limit", "parameter_invalid_integer")
    if "starting_after" in params:
        values = values[_place(values, params["starting_after"], "starting_after", kind) + 1 :]
        shown = values[:limit]
    elif "ending_before" in params:
        values = values[: _place(values, params["ending_before"], "ending_before", kind)]
        shown = values[-limit:]
    else:
        shown = values[:limit]
    return plain(shown, url, has_more=len(values) > len(shown))


def plain(values: list[Json], url: str, *, has_more: bool = False) -> Json:
    return {"object": "list", "data": public(values), "has_more": has_more, "url": url}


def in_range(bounds: Any, value: Json) -> bool:
    """Check `created` against a timestamp or a hash of gt, gte, lt, lte."""
    if bounds is None:
        return True
    if not isinstance(bounds, dict):
        return bool(value["created"] == bounds)
    return all(RANGE[name](value["created"], bound) for name, bound in bounds.items())


def equal(params: Json, *names: str) -> Matches:
    """Match objects whose fields equal the parameters of the same names, where given."""
    wanted = {name: params[name] for name in names if name in params}
    return lambda value: all(value.get(name) == want for name, want in wanted.items())


def _place(values: list[Json], id: str, param: str, kind: str) -> int:
    for index, value in enumerate(values):
        if value["id"] == id:
            return index
    raise errors.no_such(kind, id, param)

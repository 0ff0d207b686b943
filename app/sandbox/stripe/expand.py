"""Replace references by the objects they name, and fill lists that are only given when asked."""

from collections.abc import Callable
from typing import Any

from app.sandbox.store import Json
from app.sandbox.stripe import errors, lists, objects
from app.sandbox.world import Account

DEPTH = 4
Include = Callable[[Account, Json], Json]
# Fields that are absent until asked for: (object, field) → the list.
INCLUDES: dict[tuple[str, str], Include] = {}


def includes(object: str, field: str) -> Callable[[Include], Include]:
    """Register how to fill a field that only appears when it is expanded."""

    def register(include: Include) -> Include:
        INCLUDES[object, field] = include
        return include

    return register


def expand(account: Account, body: Json, paths: list[str]) -> Json:
    """Show a body with each path of `expand[]` expanded; raises Refusal for one that cannot be."""
    shown: Json = objects.public(body)
    for path in paths:
        steps = path.split(".")
        if len(steps) - steps.count("data") > DEPTH:
            raise errors.invalid(
                f"You cannot expand more than {DEPTH} levels of a property.", "expand"
            )
        _expand(account, shown, steps, path)
    return shown


def _expand(account: Account, value: Any, steps: list[str], path: str) -> None:
    if not steps:
        return
    if isinstance(value, list):
        for item in value:
            _expand(account, item, steps, path)
        return
    field, rest = steps[0], steps[1:]
    include = INCLUDES.get((value.get("object", ""), field))
    if field not in value and include is not None:
        value[field] = objects.public(include(account, value))
    if field not in value:
        raise errors.invalid(f"This property cannot be expanded ({path}).", "expand")
    value[field] = _resolve(account, value[field], path)
    if value[field] is not None:
        _expand(account, value[field], rest, path)


def _resolve(account: Account, found: Any, path: str) -> Any:
    if found is None or isinstance(found, dict):
        return found
    if isinstance(found, list):
        return [_resolve(account, item, path) for item in found]
    target = objects.by_id(account, found) if isinstance(found, str) else None
    if target is None:
        raise errors.invalid(f"This property cannot be expanded ({path}).", "expand")
    return objects.public(target)


def fill(object: str, field: str, kind: str, foreign: str, url: str) -> None:
    """Register the common case: a list of the objects that point back at this one."""

    @includes(object, field)
    def include(account: Account, value: Json) -> Json:
        found = account.find(kind, lambda other: other.get(foreign) == value["id"])
        return lists.plain(found[::-1], url.format(id=value["id"]))

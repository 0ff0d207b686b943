"""Answer Stripe's search queries: clauses on fields and metadata, joined by AND or OR."""

import re
from collections.abc import Callable

from app.sandbox.store import Json
from app.sandbox.stripe import errors
from app.sandbox.stripe.objects import public
from app.sandbox.world import Account

CLAUSE = re.compile(
    r"""\s*(?P<not>-)?(?P<field>\w+)(\[(?P<q>['"])(?P<key>.*?)(?P=q)\])?\s*
    (?P<op>[:~])\s*(?P<q2>['"])(?P<value>(?:\\.|(?!(?P=q2)).)*)(?P=q2)\s*""",
    re.VERBOSE,
)
JOIN = re.compile(r"\s*(AND|OR)\s+", re.IGNORECASE)
Matches = Callable[[Json], bool]


def search(account: Account, kind: str, params: Json, fields: tuple[str, ...]) -> Json:
    """Give the objects a query matches, newest first; raises Refusal for what it cannot read."""
    matches = _read(params["query"], fields)
    found = account.find(kind, lambda value: not value.get("deleted") and matches(value))[::-1]
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise errors.invalid("Invalid limit", "limit", "parameter_invalid_integer")
    start = int(params.get("page", "0")) if params.get("page", "0").isdigit() else 0
    more = len(found) > start + limit
    return {
        "object": "search_result",
        "data": public(found[start : start + limit]),
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "url": f"/v1/{kind}/search",
    }


def _read(query: str, fields: tuple[str, ...]) -> Matches:
    clauses: list[Matches] = []
    joins: set[str] = set()
    place = 0
    while True:
        match = CLAUSE.match(query, place)
        if not match:
            raise errors.invalid(f"We were unable to parse your search query: {query}", "query")
        clauses.append(_clause(match, fields))
        place = match.end()
        if place == len(query):
            break
        join = JOIN.match(query, place)
        if not join:
            raise errors.invalid(f"We were unable to parse your search query: {query}", "query")
        joins.add(join[1].upper())
        place = join.end()
    if len(joins) > 1:
        raise errors.invalid("AND and OR cannot be combined in one query.", "query")
    combine = any if joins == {"OR"} else all
    return lambda value: combine(clause(value) for clause in clauses)


def _clause(match: re.Match[str], fields: tuple[str, ...]) -> Matches:
    field, key, wanted = match["field"], match["key"], re.sub(r"\\(.)", r"\1", match["value"])
    if (field == "metadata") != (key is not None) or field not in (*fields, "metadata"):
        raise errors.invalid(f"Field `{field}` is an unsupported search field.", "query")

    def holds(value: Json) -> bool:
        found = value["metadata"].get(key) if key is not None else value.get(field)
        text = str(found).lower() if isinstance(found, bool) else found
        if not isinstance(text, str):
            return False
        return wanted.lower() in text.lower() if match["op"] == "~" else text == wanted

    return (lambda value: not holds(value)) if match["not"] else holds

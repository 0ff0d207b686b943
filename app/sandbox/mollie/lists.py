"""Answer lists as Mollie does: newest first, page by page, with links to the pages beside."""

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from app.sandbox.mollie import fields, links
from app.sandbox.mollie.refusals import invalid, refusal
from app.sandbox.store import Json
from app.sandbox.world import Account

LIMIT = 250
DEFAULT_LIMIT = 50


def page(
    account: Account,
    path: str,
    name: str,
    records: Sequence[Json],
    given: dict[str, str],
    write: Callable[[Account, Json], Json],
) -> Json:
    """Write one page of `records` (oldest first) as the list `name` found at `path`."""
    query = fields.query(given, "from", "limit", "sort", "embed")
    ordered = list(records) if query.get("sort") == "asc" else list(records)[::-1]
    limit = _limit(query)
    start = _start(ordered, query)
    shown = ordered[start : start + limit]

    def link(index: int) -> Json | None:
        if not 0 <= index < len(ordered) or index == start:
            return None
        kept = {**query, "from": ordered[index]["id"], "limit": str(limit)}
        return links.api(account, f"{path}?{urlencode(kept)}")

    return {
        "count": len(shown),
        "_embedded": {name: [write(account, record) for record in shown]},
        "_links": {
            "self": links.api(account, f"{path}?{urlencode({**query, 'limit': limit})}"),
            "previous": link(max(start - limit, 0)) if start else None,
            "next": link(start + limit),
            "documentation": links.documentation(f"list-{name}"),
        },
    }


def _limit(query: dict[str, str]) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isdecimal() or not text.isascii() or not 1 <= int(text) <= LIMIT:
        raise refusal(400, f"The limit must be between 1 and {LIMIT}", "limit")
    return int(text)


def _start(ordered: Sequence[Json], query: dict[str, str]) -> int:
    if "from" not in query:
        return 0
    ids = [record["id"] for record in ordered]
    if query["from"] not in ids:
        raise invalid("from", "The from parameter names nothing in this list")
    return ids.index(query["from"])

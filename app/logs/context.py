"""What is being done at the moment, so that every line can say which request or job it is of."""

from __future__ import annotations

from contextvars import ContextVar
from uuid import UUID

_doing: ContextVar[dict[str, object] | None] = ContextVar("portico_doing", default=None)


def begin(**fields: object) -> dict[str, object]:
    """Begin a request or job, which ends whatever this thread did before; answer what its lines
    say of it."""
    _doing.set(fields)
    return fields


def end() -> None:
    """Say nothing more of what was being done."""
    _doing.set(None)


def concerns(*, app: UUID | None = None, tenant: UUID | None = None) -> None:
    """Add whom the request at hand is about, once that is known."""
    doing = _doing.get()
    if doing is not None:
        doing |= {
            name: str(uuid) for name, uuid in (("app", app), ("tenant", tenant)) if uuid is not None
        }


def fields() -> dict[str, object]:
    """Answer what is known of the request or job at hand."""
    return _doing.get() or {}

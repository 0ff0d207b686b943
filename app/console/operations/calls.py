"""The lists of calls in and out, narrowed by state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from flask import render_template, request
from sqlalchemy.orm import Session

from app.billing.operations.traffic import Page
from app.models import App, AppMember
from app.web import sessions


class Listing(Protocol):
    """A verb that answers the latest calls of an app, or those before one of them."""

    def __call__(
        self, db: Session, app: App, *, state: str | None, before: UUID | None
    ) -> Page: ...


def page(template: str, member: AppMember, listing: Listing, states: Sequence[str]) -> str:
    """Show the calls that the address asks for: `state`, and `before` for older ones."""
    state = request.args.get("state")
    wanted = state if state in states else None
    before = request.args.get("before", type=UUID)
    return render_template(
        template,
        member=member,
        page=listing(sessions.db(), member.app, state=wanted, before=before),
        state=wanted,
        states=states,
    )

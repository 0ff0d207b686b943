"""Who may open a page of the console: signed in, of this app, and an owner where it matters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from flask import flash, g, redirect, url_for
from flask_babel import gettext
from flask_login import current_user

from app.billing.errors import NotFound
from app.billing.people import app_members
from app.models import AppMember
from app.web import guards, sessions, visits
from app.web.guards import Answer, Page


def of_app(*, owner: bool = False, may_write: bool = False) -> Callable[[Page], Page]:
    """Open a page to those who run the app in the path, or only to its owners.

    The view gets the member in place of the app's uuid; to everybody else there is no such page,
    and a portal link never leads there. `may_write` is for a GET that looks at a provider.
    """

    def decorate(view: Page) -> Page:
        @wraps(view)
        def guarded(app: UUID, **places: object) -> Answer:
            if not current_user.is_authenticated:
                return guards.ask_to_sign_in()
            if visits.link() is not None:
                raise NotFound("A portal link does not open this page.")
            if may_write:
                sessions.may_write()
            member = app_members.find(sessions.db(), user_id=visits.visitor_id(), app_uuid=app)
            guards.require_counting(member.user)
            g.member = member
            g.reader = member.user
            if member.app.require_two_factor and member.user.two_factor_at is None:
                return _set_up_two_factor(member)
            if owner:
                app_members.require_owner(member)
            return view(member, **places)

        guarded.console_owner = owner  # type: ignore[attr-defined]
        return guarded

    return decorate


def _set_up_two_factor(member: AppMember) -> Answer:
    flash(
        gettext(
            "%(app)s asks everybody who runs it for two-factor sign-in. Set it up first.",
            app=member.app.name,
        )
    )
    return redirect(url_for("two_factor.show"), 303)

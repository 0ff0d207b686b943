"""Viewing a tenant's portal from the console: for half an hour, read-only, as oneself.

The sign-in stays what it is. Beside it the session keeps which tenant is looked at; while it does,
the portal shows that tenant alone, and nothing but the console takes a form.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.billing.errors import NotAllowed
from app.models import Tenant

LASTS = timedelta(minutes=30)
_KEY = "viewing"
_SAFE = ("GET", "HEAD", "OPTIONS")
# What a person may still do: run the app, look after their own account, and leave.
_OWN_PLACES = ("/console/", "/account")
_OWN_PAGES = ("entrance.leave",)


@dataclass(frozen=True, slots=True)
class ViewingVisit:
    """Which tenant's portal is looked at, by its uuid, until `ends` (Unix time)."""

    app: str
    tenant: str
    ends: int

    @property
    def is_over(self) -> bool:
        """Its half hour has passed."""
        return clock.wall().timestamp() >= self.ends

    def shows(self, tenant: UUID) -> bool:
        """It is this tenant that is looked at."""
        return self.tenant == str(tenant)

    @property
    def back(self) -> str:
        """The tenant's page in the console."""
        return url_for("customers.show", app=self.app, tenant=self.tenant)

    @property
    def end_url(self) -> str:
        """Where a press ends it."""
        return url_for("customer_views.leave", app=self.app, tenant=self.tenant)


def install(flask_app: Flask) -> None:
    """Refuse every change while somebody only looks."""
    flask_app.before_request(_refuse_changes)
    flask_app.add_template_global(shown, "viewing")


def begin(tenant: Tenant) -> None:
    """Look at a tenant's portal from now on; the app must be loaded."""
    ends = int((clock.wall() + LASTS).timestamp())
    visit = ViewingVisit(str(tenant.app.uuid), str(tenant.uuid), ends)
    session[_KEY] = asdict(visit)


def end() -> None:
    """Look no more; the sign-in goes on."""
    session.pop(_KEY, None)
    g.pop("viewing", None)


def current() -> ViewingVisit | None:
    """Answer what is looked at, also when its time has passed."""
    kept = session.get(_KEY)
    return ViewingVisit(**kept) if kept else None


def shown() -> ViewingVisit | None:
    """Answer what the page of this request shows, where it is a tenant's that is looked at."""
    visit: ViewingVisit | None = g.get("viewing")
    return visit


def open_page(tenant: UUID) -> Response | None:
    """Take note that a page of a tenant is about to be opened. Once the half hour has passed, the
    viewing ends, and its tenant's page answers the way back to the console."""
    visit = current()
    if visit is None:
        return None
    if not visit.is_over:
        g.viewing = visit
        return None
    end()
    if not visit.shows(tenant):
        return None
    flash(gettext("The read-only view has ended: it lasts half an hour."))
    return redirect(visit.back, 303)


def _refuse_changes() -> None:
    if request.method in _SAFE or _KEY not in session or _is_own(request.path):
        return
    raise NotAllowed("You only look at this portal. Go back to the console to change anything.")


def _is_own(path: str) -> bool:
    """It is the person's own page, or a program's: programs are not known by a session."""
    owners = current_app.extensions.get("refusals")
    is_api = bool(owners and owners(path))
    return is_api or path.startswith(_OWN_PLACES) or request.endpoint in _OWN_PAGES

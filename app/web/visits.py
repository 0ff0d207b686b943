"""Who is visiting: signed in by password for the day, or by a portal link for an hour."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Protocol, cast
from uuid import UUID

from flask import Flask, current_app, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from app import clock
from app.billing.errors import NotFound
from app.billing.people import user_sessions
from app.models import PortalLink, User
from app.web import agents, frames, sessions

LINK_LASTS = timedelta(minutes=60)
_LINK = "link"
_SEVERAL = "several"
_EPOCH = "epoch"
_SESSION = "session"
_ENDS = "ends"
_SEEN = "seen"
_HALF = "half"
# Flask-WTF's secret: a form in another tab stays good.
_KEPT = ("csrf_token",)
_UNASKED = object()
_HALF_LASTS = timedelta(minutes=10)

# What a link of each scope opens.
SCOPES: dict[str, tuple[str, ...]] = {
    "portal": (
        "overview",
        "activity",
        "plans",
        "checkout",
        "checkouts",
        "details",
        "subscription",
        "cancel",
        "payment-methods",
        "invoices",
        "people",
    ),
    "plans": ("plans", "checkout", "checkouts", "details"),
    "checkout": ("checkout", "checkouts", "details"),
    "payment-methods": ("payment-methods", "checkouts"),
    "invoices": ("invoices",),
    "cancel": ("cancel",),
}


class Visitor(UserMixin):  # type: ignore[misc]
    """A signed-in person by number; the row is loaded with the page's own query."""

    def __init__(self, user_id: int) -> None:
        self.id = user_id


class _Recognition(LoginManager):  # type: ignore[misc]
    """Asks nothing of address and browser. Flask-Login works out a hash of both for every request,
    also where its session protection is switched off."""

    def _session_protection_failed(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class LinkVisit:
    """A visit through a portal link: one tenant, one scope, until `ends` (Unix time). `price` is
    the only one a link to the checkout sells; `embedders` are the origins that may show its pages
    in a frame."""

    tenant: str
    scope: str
    start: str
    ends: int
    return_url: str | None
    price: str | None = None
    embedders: Sequence[str] = ()

    @property
    def is_over(self) -> bool:
        """Its hour has passed."""
        return clock.wall().timestamp() >= self.ends

    def opens(self, tenant: UUID, area: str) -> bool:
        """The link leads to this part of this tenant's portal."""
        return self.tenant == str(tenant) and area in SCOPES.get(self.scope, ())


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Somebody who has given the password and not yet the code, until `ends` (Unix time)."""

    user_id: int
    epoch: int
    several: bool
    ends: int


class Countable(Protocol):
    """A person, as far as their sign-ins go."""

    @property
    def session_epoch(self) -> int: ...
    @property
    def ended_sessions(self) -> list[str]: ...


def install(flask_app: Flask) -> None:
    """Know a visitor by the signed cookie, without a query."""
    recognition = _Recognition()
    recognition.session_protection = None
    recognition.init_app(flask_app, add_context_processor=False)
    recognition.user_loader(_recognise)
    flask_app.after_request(_note_use)
    flask_app.add_template_global(opens)
    flask_app.add_template_global(areas, "open_areas")
    flask_app.add_template_global(may_switch)
    flask_app.add_template_global(link, "link_visit")


def begin(user: User, *, several: bool) -> None:
    """Let a person in who has given the password: signed in, or half way where they have a second
    factor; whoever was signed in before is not any more. The request's session is written to."""
    if user.two_factor_at is None:
        begin_whole(user, several=several)
        return
    session.clear()
    g.pop("link_visit", None)
    logout_user()
    ends = int((clock.wall() + _HALF_LASTS).timestamp())
    session[_HALF] = asdict(HalfWay(user.id, user.session_epoch, several, ends))


def begin_whole(user: User, *, several: bool) -> None:
    """Sign a person in who has given all they are asked for."""
    begun = user_sessions.begin(
        sessions.db(),
        user.id,
        address=request.remote_addr,
        agent=agents.short(request.user_agent.string),
    )
    _replace(user)
    session[_SEVERAL] = several
    session[_SESSION] = str(begun.uuid)
    session[_SEEN] = int(begun.seen_at.timestamp())
    session[_ENDS] = int((begun.seen_at + user_sessions.LASTS).timestamp())


def begin_again(user: User) -> None:
    """Go on where every sign-in of the person has just been ended, this one too."""
    kept = {name: session[name] for name in _KEPT if name in session}
    begin_whole(user, several=may_switch())
    session.update(kept)


def half_way() -> HalfWay | None:
    """Answer who has given the password and not yet the code, if somebody has."""
    kept = session.get(_HALF)
    half = HalfWay(**kept) if kept else None
    return half if half and half.ends > clock.wall().timestamp() else None


def session_uuid() -> str | None:
    """Answer which of a person's sessions this is."""
    uuid: str | None = session.get(_SESSION)
    return uuid


def begin_by_link(link: PortalLink, start: str, *, embedders: Sequence[str] = ()) -> None:
    """Sign a person in by a portal link, for its tenant and scope only; `start` is its page."""
    _replace(link.user)
    ends = int((clock.wall() + LINK_LASTS).timestamp())
    visit = LinkVisit(
        tenant=str(link.tenant.uuid),
        scope=link.scope,
        start=start,
        ends=ends,
        return_url=link.return_url,
        price=link.price.price_id if link.price else None,
        embedders=tuple(embedders),
    )
    session[_LINK] = asdict(visit)


def leave() -> None:
    """Sign out, so that a copy of the cookie is of no use either."""
    uuid = session_uuid()
    if uuid is not None and current_user.is_authenticated:
        with suppress(NotFound):
            user_sessions.end(sessions.db(), visitor_id(), UUID(uuid))
    end()


def end() -> None:
    """Forget who is signed in here."""
    logout_user()
    session.clear()


def link() -> LinkVisit | None:
    """Answer the portal link this visit came by, if it did."""
    visit: LinkVisit | None | object = g.get("link_visit", _UNASKED)
    if visit is _UNASKED:
        kept = session.get(_LINK)
        visit = g.link_visit = LinkVisit(**kept) if kept else None
        if visit is not None and frames.is_one():
            frames.allow(visit.embedders)
    return cast("LinkVisit | None", visit)


def opens(area: str) -> bool:
    """Answer whether this visit may open a part of the portal."""
    return area in areas()


def areas() -> tuple[str, ...]:
    """Answer the parts of the portal that this visit may open."""
    visit = link()
    return SCOPES["portal"] if visit is None else SCOPES.get(visit.scope, ())


def sells(price_id: str | None) -> bool:
    """Answer whether this visit may buy at a price: a link to the checkout is for one only."""
    visit = link()
    return visit is None or visit.price in (None, price_id)


def may_switch() -> bool:
    """Answer whether the visitor has another tenant to go to."""
    return bool(session.get(_SEVERAL))


def remember_several(several: bool) -> None:
    """Keep whether the visitor has several tenants, so that pages need no query for it."""
    if session.get(_SEVERAL) != several:
        session[_SEVERAL] = several


def visitor_id() -> int:
    """Answer the number of the person signed in."""
    return int(current_user.id)


def counts(person: Countable | None) -> bool:
    """Answer whether this sign-in was begun in the person's present epoch and has not been ended;
    one that counts is in use."""
    if person is None or person.session_epoch != session.get(_EPOCH, 0):
        return False
    if session.get(_SESSION) in person.ended_sessions:
        return False
    g.is_in_use = True
    return True


def _replace(user: User) -> None:
    session.clear()
    g.pop("link_visit", None)
    login_user(Visitor(user.id))
    session[_EPOCH] = user.session_epoch


def _recognise(user_id: str) -> Visitor | None:
    visit = link()
    is_stray = frames.is_one() or _is_over() if visit is None else visit.is_over
    return None if is_stray else Visitor(int(user_id))


def _is_over() -> bool:
    return _ENDS in session and clock.wall().timestamp() >= session[_ENDS]


def _note_use(response: Response) -> Response:
    """Every few minutes of use write down that a session is in use. Not beside a session of the
    database that writes: on SQLite one would wait for the other."""
    if not g.get("is_in_use") or g.get("db_writes") or _SESSION not in session:
        return response
    now = int(clock.wall().timestamp())
    if now - session[_SEEN] >= user_sessions.SEEN_EVERY.total_seconds():
        session[_SEEN] = now
        with current_app.extensions["database"].transaction() as db:
            user_sessions.saw(db, UUID(session[_SESSION]), address=request.remote_addr)
    return response

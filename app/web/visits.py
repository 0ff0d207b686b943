"""Who is visiting: signed in by password for the day, or by a portal link for an hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app, g, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from app import clock
from app.models import PortalLink, User
from app.web import frames

LINK_LASTS = timedelta(minutes=60)
_LINK = "link"
_SEVERAL = "several"
_EPOCH = "epoch"

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


def install(flask_app: Flask) -> None:
    """Know a visitor by the signed cookie, without a query."""
    manager = LoginManager()
    manager.session_protection = None
    manager.init_app(flask_app)
    manager.user_loader(_recognise)
    flask_app.add_template_global(opens)
    flask_app.add_template_global(may_switch)
    flask_app.add_template_global(link, "link_visit")


def begin(user: User, *, several: bool) -> None:
    """Sign a person in by password; whoever was signed in before is not any more."""
    _replace(user)
    session[_SEVERAL] = several


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


def end() -> None:
    """Sign out."""
    logout_user()
    session.clear()


def link() -> LinkVisit | None:
    """Answer the portal link this visit came by, if it did."""
    if "link_visit" not in g:
        kept = session.get(_LINK)
        g.link_visit = LinkVisit(**kept) if kept else None
        if g.link_visit is not None and frames.is_one():
            frames.allow(g.link_visit.embedders)
    visit: LinkVisit | None = g.link_visit
    return visit


def opens(area: str) -> bool:
    """Answer whether there is such a part of the portal and this visit may open it."""
    visit = link()
    is_allowed = visit is None or area in SCOPES.get(visit.scope, ())
    return is_allowed and area.replace("-", "_") in current_app.blueprints


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


def counts(epoch: int | None) -> bool:
    """Answer whether this sign-in was begun in the person's present epoch."""
    return bool(epoch == session.get(_EPOCH, 0))


def _replace(user: User) -> None:
    session.clear()
    g.pop("link_visit", None)
    login_user(Visitor(user.id))
    session[_EPOCH] = user.session_epoch


def _recognise(user_id: str) -> Visitor | None:
    visit = link()
    is_stray = frames.is_one() if visit is None else visit.is_over
    return None if is_stray else Visitor(int(user_id))

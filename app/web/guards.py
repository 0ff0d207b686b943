"""Who may open a page: signed in, of this tenant, and an admin where something changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode
from uuid import UUID

from flask import current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from app.billing.errors import NotAllowed, NotAuthenticated, NotFound
from app.billing.ordering.buyers import Buyer
from app.billing.ordering.storefronts import Visit
from app.billing.people import accounts
from app.billing.people import viewings as seen
from app.billing.people.viewings import Viewing
from app.billing.tenants import tenants
from app.models import Membership
from app.web import frames, sessions, viewings, visits

# Pages for people who are not signed in.
OPEN = frozenset(
    {
        "entrance.enter",
        "second_steps.enter",
        "links.follow",
        "pay.send_on",
        "password_resets.send",
        "password_resets.choose",
        "invitations.accept",
        "setup.begin",
        "app_invitations.accept",
    }
)
# Choices of a form that are kept while somebody signs in; nothing secret.
_KEPT = ("plan", "interval", "currency", "price", "quantity", "country", "vat_number", "method")
# Twice this fits into an address: the page and its sign-in each carry it.
_LONGEST_QUERY = 1500

Answer = Response | str | tuple[str, int]
Page = Callable[..., Answer]
Entering = Membership | Buyer | Visit | Viewing
Find = Callable[..., Entering]


def of_tenant(
    area: str, *, may_write: bool = False, find: Find = tenants.find, view: Find = seen.find
) -> Callable[[Page], Page]:
    """Open a page to members of the tenant in the path, and its forms to admins only.

    The view gets the membership in place of the tenant's uuid; to everybody else there is no such
    page. A visit by link opens only the areas of its scope. `may_write` is for a GET that looks at
    the provider; `find` is for a page that needs less than the membership's rows, or more, `view`
    likewise for somebody of the app who looks at the tenant's portal without changing it.
    """

    def decorate(page: Page) -> Page:
        @wraps(page)
        def guarded(tenant: UUID, **places: object) -> Answer:
            if not current_user.is_authenticated:
                return ask_to_sign_in()
            if may_write:
                sessions.may_write()
            leads_back = viewings.open_page(tenant)
            if leads_back is not None:
                return leads_back
            membership = _membership(tenant, area, view if viewings.shown() else find)
            if request.method == "POST" and not membership.may_buy:
                raise NotAllowed(
                    "Only an admin of %(tenant)s can buy or change its billing.",
                    tenant=membership.tenant.name,
                )
            return page(membership, **places)

        return guarded

    return decorate


def signed_in(view: Page) -> Page:
    """Open a page to whoever signed in by password; a portal link never leads there."""

    @wraps(view)
    def guarded(**places: object) -> Answer:
        if not current_user.is_authenticated:
            return ask_to_sign_in()
        if visits.link() is not None:
            raise NotFound("A portal link does not open this page.")
        require_present()
        return view(**places)

    return guarded


def require_present() -> None:
    """Send a person whose sign-ins were ended to sign in again; pages of a tenant have this from
    `of_tenant`."""
    person = accounts.signed_in(sessions.db(), visits.visitor_id())
    require_counting(person)
    g.reader = person


def opens_portal(tenant: UUID) -> bool:
    """Answer whether this visit may open the checkouts of a tenant."""
    visit = visits.link()
    if not current_user.is_authenticated or not (visit is None or visit.opens(tenant, "checkouts")):
        return False
    return tenants.is_member(sessions.db(), user_id=visits.visitor_id(), tenant_uuid=tenant)


def ask_to_sign_in() -> Response:
    """Send a person to the sign-in page, and back here afterwards."""
    visit = visits.link()
    if visit is not None:
        visits.end()
        if frames.is_one():
            raise NotAuthenticated(
                "A frame shows the visit of a portal link, and this one is over."
            )
        if visit.is_over:
            flash(gettext("Your link has ended. Ask for a new one, or sign in."))
    return redirect(url_for("entrance.sign_in", next=_here() if _can_be_opened() else None), 303)


def _can_be_opened() -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(request.path, method="GET")


def _membership(tenant: UUID, area: str, find: Find) -> Entering:
    visit, viewing = visits.link(), viewings.shown()
    if visit is not None and not visit.opens(tenant, area):
        raise NotFound("The portal link does not lead here.")
    if viewing is not None and not viewing.shows(tenant):
        raise NotFound("It is another tenant's portal that is looked at.")
    membership = find(sessions.db(), user_id=visits.visitor_id(), tenant_uuid=tenant)
    require_counting(membership.user)
    g.membership = membership
    g.reader = membership.user
    is_told = not membership.may_buy and viewing is None
    g.buyers = tenants.admins(sessions.db(), membership.tenant.id) if is_told else []
    return membership


def require_counting(person: visits.Countable | None) -> None:
    """Raise NotAuthenticated for a sign-in that was ended, or of somebody who is gone."""
    if not visits.counts(person):
        visits.end()
        raise NotAuthenticated("This sign-in was ended.")


def _here() -> str:
    if request.method == "POST":
        kept = [(name, request.form[name]) for name in _KEPT if name in request.form]
    else:
        kept = list(request.args.items(multi=True))
    query = urlencode(kept)
    return f"{request.path}?{query}" if 0 < len(query) <= _LONGEST_QUERY else request.path

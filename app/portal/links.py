"""Portal links: opening one only asks; going on uses it up."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from app.billing import portal_links
from app.billing.errors import NotFound
from app.models import PortalLink
from app.web import errors, filters, sessions, visits

links = Blueprint("links", __name__)

# The page each scope begins at.
STARTS = {
    "portal": "overview.show",
    "plans": "plans.show",
    "payment-methods": "payment_methods.show",
}


@links.get("/link/<token>")
def show(token: str) -> Response | str:
    try:
        link = portal_links.peek(sessions.db(), token)
        _start(link)
    except NotFound as error:
        return _spent(error)
    return render_template("portal/links/show.html", link=link, replaces=_replaces_another(link))


@links.post("/link/<token>")
def follow(token: str) -> Response:
    try:
        link = portal_links.redeem(sessions.db(), token)
        start = _start(link)
    except NotFound as error:
        return _spent(error)
    visits.begin_by_link(link, start)
    return redirect(start, 303)


def _start(link: PortalLink) -> str:
    if link.scope not in STARTS:
        raise NotFound("This link leads to a page that this portal does not have.")
    return url_for(STARTS[link.scope], tenant=link.tenant.uuid)


def _replaces_another(link: PortalLink) -> bool:
    return current_user.is_authenticated and visits.visitor_id() != link.user_id


def _spent(error: NotFound) -> Response:
    title = gettext("This link does not work")
    return errors.page(errors.Problem(title, filters.words(error.text)), 404)

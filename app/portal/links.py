"""Portal links: opening one only asks; going on uses it up."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from app.billing.access import origins, portal_links
from app.billing.errors import NotFound
from app.models import PortalLink
from app.web import errors, filters, frames, sessions, visits

links = Blueprint("links", __name__)

# The page each scope begins at.
STARTS = {
    "portal": "overview.show",
    "plans": "plans.show",
    "checkout": "checkout.show",
    "payment-methods": "payment_methods.show",
    "invoices": "invoices.show",
    "cancel": "cancelations.show",
}


@links.get("/link/<token>")
def show(token: str) -> Response | str:
    try:
        _allow_frames(token)
        link = portal_links.peek(sessions.db(), token)
    except NotFound as error:
        return _spent(error)
    return _ask(link)


@links.post("/link/<token>")
def follow(token: str) -> Response:
    try:
        embedders = _allow_frames(token)
        link = portal_links.redeem(sessions.db(), token)
    except NotFound as error:
        return _spent(error)
    start = _start(link)
    visits.begin_by_link(link, start, embedders=embedders)
    return redirect(start, 303)


@links.errorhandler(CSRFError)
def ask_again(_error: CSRFError) -> Response | str:
    """The form came without its cookie: it was open for too long, or the browser keeps none for
    frames. Nothing was used up, so the page asks again and offers a tab of its own."""
    token = str((request.view_args or {}).get("token", ""))
    try:
        _allow_frames(token)
        link = portal_links.peek(sessions.db(), token)
    except NotFound as error:
        return _spent(error)
    return make_response(_ask(link, was_refused=True), 400)


def _ask(link: PortalLink, *, was_refused: bool = False) -> str:
    return render_template(
        "portal/links/show.html",
        link=link,
        replaces=_replaces_another(link),
        was_refused=was_refused,
    )


def _allow_frames(token: str) -> tuple[str, ...]:
    """Let the pages of the link's app show the answer in a frame, whatever it says."""
    app = portal_links.app_of(sessions.db(), token)
    embedders = origins.embedders(sessions.db(), app) if app is not None else ()
    frames.allow(embedders)
    return embedders


def _start(link: PortalLink) -> str:
    return url_for(
        STARTS[link.scope],
        tenant=link.tenant.uuid,
        price=link.price.price_id if link.price else None,
        quantity=link.quantity,
    )


def _replaces_another(link: PortalLink) -> bool:
    return current_user.is_authenticated and visits.visitor_id() != link.user_id


def _spent(error: NotFound) -> Response:
    title = gettext("This link does not work")
    return errors.page(errors.Problem(title, filters.words(error.text)), 404)

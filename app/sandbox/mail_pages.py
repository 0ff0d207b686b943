"""The mailbox's pages: what came, newest first, and each mail as its reader would see it."""

from flask import Blueprint, Response, make_response, request

from app.sandbox import mailbox
from app.sandbox.control import world
from app.sandbox.pages import POLICY, guard, show

mail_pages = Blueprint("mail_pages", __name__)

_FRAMING = f"{POLICY}; frame-src 'self'"
# A mail is a stranger's page: no script runs, nothing is fetched, links open beside it.
_SANDBOXED = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:;"
    " style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@mail_pages.get("")
def index() -> Response:
    to = request.args.get("to", "")
    return show("mailbox.html", mails=world().mailbox.all(to)[::-1], to=to)


@mail_pages.get("/<id>")
def mail(id: str) -> Response:
    found = world().mailbox.get(id)
    if found is None:
        return _missing()
    return guard(show("mail.html", mail=found), _FRAMING)


@mail_pages.get("/<id>/html")
def html(id: str) -> Response:
    found = world().mailbox.get(id)
    if found is None or found["html"] is None:
        return _missing()
    return guard(make_response(_with_links_beside(mailbox.with_pictures(found))), _SANDBOXED)


@mail_pages.get("/<id>/raw")
def raw(id: str) -> Response:
    found = world().mailbox.get(id)
    if found is None:
        return _missing()
    response = make_response(found["raw"])
    response.mimetype = "text/plain"
    return guard(response, POLICY)


def _with_links_beside(html: str) -> str:
    return html.replace("<a ", '<a target="_blank" rel="noopener" ')


def _missing() -> Response:
    return show(
        "message.html",
        404,
        title="There is no such mail",
        message="The sandbox may have been reset since it came.",
        link={"url": "/mailbox", "text": "See the mailbox"},
    )

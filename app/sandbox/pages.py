"""What the hosted pages of both providers share: their look, their headers, their mistakes."""

from flask import Blueprint, Response, make_response, render_template

pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static")

# No form-action: a payment page ends in a redirect to whatever address the shop gave.
POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'"


def show(template: str, status: int = 200, **values: object) -> Response:
    """Render a page of this package; it sets no cookie and runs no script."""
    return guard(make_response(render_template(template, **values), status), POLICY)


def guard(response: Response, policy: str) -> Response:
    """Send an answer with the headers every page here has."""
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def nothing_here(_error: Exception) -> Response:
    return show(
        "message.html",
        404,
        title="There is nothing here",
        message="The sandbox serves Stripe below /stripe/v1 and Mollie below /mollie/v2.",
        link={"url": "/", "text": "See what is there"},
    )


def missing() -> Response:
    return show(
        "message.html",
        404,
        title="There is no such payment page",
        message="The link may be incomplete, or the sandbox was reset since it was made.",
    )

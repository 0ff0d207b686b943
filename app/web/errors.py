"""What a person sees when something is refused or breaks: one place for every page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, make_response, render_template, request
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests
from werkzeug.wrappers import Response

from app.billing import errors
from app.logs import requests
from app.web import filters, frames, guards

log = logging.getLogger(__name__)

STATUSES: dict[type[errors.BillingError], int] = {
    errors.NotAuthenticated: 401,
    errors.TooOften: 429,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Invalid: 422,
    errors.Conflict: 409,
    errors.Declined: 402,
    errors.ProviderUnavailable: 503,
    errors.Unsupported: 409,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A page that says what happened and what to do."""

    title: str
    sentence: str
    advice: str = ""
    reference: str = ""


def install(flask_app: Flask) -> None:
    """Answer every error with a page in plain words; where an API owns the address, in its own."""
    flask_app.register_error_handler(errors.BillingError, _or_as_its_owner_says(_refused))
    flask_app.register_error_handler(CSRFError, _stale_form)
    flask_app.register_error_handler(HTTPException, _or_as_its_owner_says(_http))
    flask_app.register_error_handler(Exception, _or_as_its_owner_says(_broken))


def status_of(error: errors.BillingError) -> int:
    """Answer the HTTP status for an anticipated error."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def mark(response: Response, error: errors.BillingError) -> Response:
    """Answer a page with the status of the refusal it shows and, where that passes, when to ask
    again."""
    response.status_code = status_of(error)
    if isinstance(error, errors.ProviderUnavailable | errors.TooOften):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def page(problem: Problem, status: int) -> Response:
    """Answer the page of a problem."""
    return make_response(render_template("web/problem.html", problem=problem), status)


def _or_as_its_owner_says(page_of: Callable[[Any], Response]) -> Callable[[Any], Response]:
    def answer(error: Exception) -> Response:
        owners = current_app.extensions.get("refusals")
        refuse = owners(request.path) if owners else None
        return refuse(error) if refuse else page_of(error)

    return answer


def _refused(error: errors.BillingError) -> Response:
    if isinstance(error, errors.NotAuthenticated):
        return page(_over(), 401) if frames.is_one() else guards.ask_to_sign_in()
    if isinstance(error, errors.NotFound):
        return page(_not_found(), 404)
    return mark(page(_problem(error), status_of(error)), error)


def _problem(error: errors.BillingError) -> Problem:
    sentence = filters.words(error.text)
    if isinstance(error, errors.TooOften):
        return Problem(gettext("That was too often"), sentence)
    if isinstance(error, errors.NotAllowed):
        return Problem(gettext("You cannot do this"), sentence)
    if isinstance(error, errors.ProviderUnavailable):
        return Problem(
            gettext("The payment provider does not answer"),
            sentence,
            gettext("Go back and try again in a minute. Your choices are kept."),
        )
    if isinstance(error, errors.Declined):
        return Problem(gettext("The payment was declined"), sentence)
    if isinstance(error, errors.Invalid):
        return Problem(gettext("Something in this request is not right"), sentence)
    return Problem(gettext("This cannot be done now"), sentence)


def _not_found() -> Problem:
    return Problem(
        gettext("Page not found"),
        gettext("There is nothing at this address, or it belongs to somebody else."),
        gettext("Check the address, or sign in with the account that may see it."),
    )


def _over() -> Problem:
    return Problem(
        gettext("This visit has ended"),
        gettext("It lasts an hour. What you ordered or saved is kept."),
        gettext("Open billing again from where you came."),
    )


def _stale_form(_error: CSRFError) -> Response:
    if not current_user.is_authenticated and request.endpoint not in guards.OPEN:
        return page(_over(), 401) if frames.is_one() else guards.ask_to_sign_in()
    problem = Problem(
        gettext("This form was open for too long"),
        gettext("Nothing was sent or changed."),
        gettext("Open the page again and repeat what you did."),
    )
    return page(problem, 400)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    if status >= 500:
        return _broken(error)
    response = page(_http_problem(status), status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    if isinstance(error, TooManyRequests) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _http_problem(status: int) -> Problem:
    if status == 404:
        return _not_found()
    if status == 405:
        return Problem(
            gettext("This address does not work that way"),
            gettext("Nothing was changed."),
            gettext("Go to the start page and follow the links from there."),
        )
    if status == 429:
        return Problem(
            gettext("That was too often"),
            gettext("Nothing was ordered or changed by this last press."),
            gettext("Wait a minute, then go back and try again."),
        )
    if status == 413:
        return Problem(
            gettext("That is too much at once"),
            gettext("What was sent is larger than any form of this portal. Nothing was changed."),
        )
    return Problem(
        gettext("This request cannot be read"),
        gettext("Nothing was changed."),
        gettext("Open the page again and repeat what you did."),
    )


def _broken(error: Exception) -> Response:
    reference = requests.name()
    log.error("reference %s", reference, exc_info=error)
    problem = Problem(
        gettext("Something went wrong on our side"),
        gettext("If you were paying, do not pay again before the overview shows what happened."),
        gettext("Try again in a minute. If it stays like this, tell support this reference:"),
        reference,
    )
    return page(problem, 500)

"""What a visitor sees when something is refused or breaks."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from werkzeug.exceptions import TooManyRequests

from app.billing import errors as billing_errors
from app.web import errors
from tests.cast import World
from tests.pages import Visitor

REFUSALS = [
    (billing_errors.NotAllowed("Ask an admin."), 403, "You cannot do this"),
    (billing_errors.NotFound("It is not yours."), 404, "Page not found"),
    (
        billing_errors.Invalid("It is wrong.", field="x"),
        422,
        "Something in this request is not right",
    ),
    (billing_errors.TooOften("Go on in a minute."), 429, "That was too often"),
    (billing_errors.Conflict("It runs already."), 409, "This cannot be done now"),
    (billing_errors.Declined("The bank said no."), 402, "The payment was declined"),
    (
        billing_errors.ProviderUnavailable("It is down."),
        503,
        "The payment provider does not answer",
    ),
    (billing_errors.Unsupported("It cannot."), 409, "This cannot be done now"),
]


def break_with(flask_app: Flask, error: Exception) -> None:
    def view() -> str:
        raise error

    flask_app.add_url_rule("/broken", "broken", view)


class TestRefusals:
    @pytest.mark.parametrize(("error", "status", "heading"), REFUSALS, ids=str)
    def test_have_a_page_in_plain_words(
        self,
        new_app: Flask,
        error: billing_errors.BillingError,
        status: int,
        heading: str,
    ) -> None:
        break_with(new_app, error)

        page = Visitor(new_app).opens("/broken")

        assert (page.status, page.heading) == (status, heading)

    def test_are_all_of_the_closed_list(self) -> None:
        kinds = [kind for kind in vars(billing_errors).values() if isinstance(kind, type)]

        assert set(errors.STATUSES) == {
            kind
            for kind in kinds
            if issubclass(kind, billing_errors.BillingError)
            and kind is not billing_errors.BillingError
        }

    def test_of_a_stranger_ask_to_sign_in(self, new_app: Flask) -> None:
        break_with(new_app, billing_errors.NotAuthenticated("Who is there?"))

        assert Visitor(new_app).opens("/broken").location == "/sign-in?next=/broken"

    @pytest.mark.parametrize(
        "error",
        [
            billing_errors.ProviderUnavailable("It is down.", retry_after=7),
            billing_errors.TooOften("Go on in a minute.", retry_after=7),
            TooManyRequests(retry_after=7),
        ],
        ids=str,
    )
    def test_say_when_to_try_again(self, new_app: Flask, error: Exception) -> None:
        break_with(new_app, error)

        assert Visitor(new_app).opens("/broken").headers["Retry-After"] == "7"


class TestWhatNobodyForesaw:
    def test_has_a_reference_and_no_details(
        self, new_app: Flask, caplog: pytest.LogCaptureFixture
    ) -> None:
        break_with(new_app, RuntimeError("password of the database"))

        with caplog.at_level(logging.ERROR):
            page = Visitor(new_app).opens("/broken")

        logged = caplog.records[-1]
        assert page.status == 500
        assert "password of the database" not in page.text
        assert logged.getMessage().split()[1] in page.words()
        assert "do not pay again" in page.words()


class TestBadRequests:
    def test_find_no_page_at_an_unknown_address(self, nobody: Visitor) -> None:
        assert nobody.opens("/nothing/here").status == 404

    def test_are_too_much_at_once(self, tara: Visitor, world: World) -> None:
        page = tara.posts(f"/t/{world.globex.uuid}/details", {"legal_name": "x" * 10_000_000})

        assert page.status == 413
        assert page.heading == "That is too much at once"

    def test_are_too_many_fields(self, tara: Visitor, world: World) -> None:
        many = {f"field{number}": "x" for number in range(2000)}

        page = tara.client.post(
            f"/t/{world.globex.uuid}/details", data=many, content_type="multipart/form-data"
        )

        assert page.status_code == 413

    def test_keep_the_choices_where_the_session_is_gone(
        self, nobody: Visitor, world: World
    ) -> None:
        page = nobody.posts(f"/t/{world.globex.uuid}/plans", {"plan": "team", "csrf_token": "old"})

        assert page.status == 303
        assert "plan%3Dteam" in page.location

"""The details page."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.cast import World
from tests.pages import Visitor


@pytest.fixture
def path(world: World) -> str:
    return f"/t/{world.globex.uuid}/details"


class TestShow:
    def test_has_what_is_known(self, tara: Visitor, path: str) -> None:
        fields = tara.opens(path).fields(path)

        assert fields["legal_name"] == "Globex GmbH"
        assert fields["country"] == "DE"

    def test_shows_a_member_everything_without_a_form(self, milo: Visitor, path: str) -> None:
        page = milo.opens(path)

        assert "Globex GmbH" in page.words()
        assert "Germany" in page.words()
        assert [form.get("action") for form in page.all("form")] == ["/sign-out"]

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.opens(path).status == 404


class TestSave:
    def test_stores_what_was_entered(
        self, tara: Visitor, path: str, world: World, db: Session
    ) -> None:
        entered = {**tara.opens(path).fields(path), "legal_name": "  Globex   SE "}

        page = tara.posts(path, entered)

        db.refresh(world.globex)
        assert page.location == f"/t/{world.globex.uuid}/"
        assert world.globex.legal_name == "Globex SE"
        assert "The details are saved." in tara.opens(page.location).words()

    def test_keeps_the_answers_and_names_each_problem(self, tara: Visitor, path: str) -> None:
        entered = {**tara.opens(path).fields(path), "legal_name": "", "city": " ", "region": "Bern"}

        page = tara.posts(path, entered)

        assert page.status == 422
        assert page.problems == [
            "Enter the legal name of your company.",
            "Enter the town or city.",
        ]
        assert page.fields(path)["region"] == "Bern"

    @pytest.mark.parametrize(
        ("field", "value"),
        [("country", "XX"), ("invoice_email", "nobody"), ("legal_name", "x" * 201)],
    )
    def test_refuses_what_cannot_be(self, tara: Visitor, path: str, field: str, value: str) -> None:
        page = tara.posts(path, {**tara.opens(path).fields(path), field: value})

        assert page.status == 422
        assert len(page.problems) == 1

    def test_goes_only_to_pages_of_ours(self, tara: Visitor, path: str, world: World) -> None:
        page = tara.opens(f"{path}?next=//evil.example/")

        saved = tara.posts(path, {**page.fields(path), "next": "https://evil.example/"})

        assert saved.location == f"/t/{world.globex.uuid}/"

    def test_refuses_a_member(self, milo: Visitor, path: str) -> None:
        assert milo.posts(path, {"legal_name": "Milo Inc"}).status == 403

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.posts(path, {"legal_name": "Peter Inc"}).status == 404

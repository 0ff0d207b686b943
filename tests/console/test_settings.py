"""The settings of an app, and another app beside it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import App, AuditEntry
from tests.cast import World
from tests.pages import Visitor

NEW = {
    "name": "Acme Maps",
    "seller_name": "Acme Maps GmbH",
    "seller_address": "Kartenweg 2\n10115 Berlin",
    "seller_country": "DE",
}


@pytest.fixture
def page_of(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/settings"


class TestSettings:
    def test_change_what_was_typed_and_note_both_values(
        self, alice: Visitor, world: World, db: Session, page_of: str
    ) -> None:
        shown = alice.opens(page_of)
        typed = {
            "support_email": "Help@Acme.example",
            "dunning_days": "3,4",
            "settling_access": "none",
            "invoice_prefix": "notes",
        }

        answer = alice.posts(page_of, {**shown.fields(page_of), **typed})

        db.refresh(world.app)
        entry = db.scalars(select(AuditEntry)).one()
        assert answer.location == page_of
        assert (world.app.support_email, world.app.dunning_days) == ("Help@acme.example", [3, 4])
        assert (world.app.settling_access, world.app.invoice_prefix) == ("none", "NOTES")
        assert (entry.action, entry.user_id) == ("app.changed", world.alice.id)
        assert entry.details == {
            "changed": {
                "support_email": ["support@acme.example", "Help@acme.example"],
                "dunning_days": [[2, 5, 7, 7], [3, 4]],
                "settling_access": ["until_deadline", "none"],
                "invoice_prefix": ["ACME", "NOTES"],
            }
        }

    def test_are_shown_before_and_after_in_the_audit_log(
        self, alice: Visitor, world: World, page_of: str
    ) -> None:
        typed = {**alice.opens(page_of).fields(page_of), "website": "", "name": "Acme <Notes>"}

        alice.posts(page_of, typed)

        log = alice.opens(page_of.replace("settings", "audit")).words()
        assert "name: Acme Notes → Acme <Notes>" in log
        assert "website: https://app.example.com → –" in log

    def test_that_stay_are_no_change(self, alice: Visitor, db: Session, page_of: str) -> None:
        answer = alice.posts(page_of, alice.opens(page_of).fields(page_of))

        assert answer.location == page_of
        assert "Nothing was changed." in alice.opens(page_of).words()
        assert db.scalars(select(AuditEntry)).all() == []

    @pytest.mark.parametrize(
        ("field", "typed", "sentence"),
        [
            ("support_email", "by phone", "Enter an e-mail address, such as support@example.com."),
            ("website", "acme.example", "Enter a whole address, such as https://example.com."),
            (
                "website",
                "javascript:alert(1)",
                "Enter a whole address, such as https://example.com.",
            ),
            (
                "invoice_prefix",
                "A/B",
                "Use up to 16 letters A to Z, digits and hyphens, such as ACME.",
            ),
            (
                "invoice_prefix",
                "TEST-A",
                "TEST marks invoices that are none. Choose another beginning.",
            ),
            (
                "dunning_days",
                "2, soon",
                "Write days from 1 to 60 with commas between, such as 2, 5, 7, 7.",
            ),
            (
                "dunning_days",
                "0",
                "Write days from 1 to 60 with commas between, such as 2, 5, 7, 7.",
            ),
            ("dunning_days", "1,1,1,1,1,1,1,1,1", "Try at most 8 times."),
            ("vat_unknown_policy", "maybe", "Choose one of these."),
            ("seller_address", "\n" * 3, "Enter the seller's address."),
        ],
    )
    def test_are_refused_by_name(
        self, alice: Visitor, db: Session, page_of: str, field: str, typed: str, sentence: str
    ) -> None:
        sent = {**alice.opens(page_of).fields(page_of), "name": "Changed", field: typed}

        page = alice.posts(page_of, sent)

        assert page.status == 422
        assert page.problems == [sentence]
        assert page.fields(page_of)["name"] == "Changed"
        assert db.scalars(select(App.name)).all() == ["Acme Notes"]

    def test_are_seen_and_not_changed_by_support(
        self, support: Visitor, db: Session, page_of: str
    ) -> None:
        shown = support.opens(page_of)

        assert "Acme Notes GmbH" in shown.words()
        assert "Only an owner of Acme Notes changes it." in shown.words()
        assert not shown.has("console-settings-save")
        assert support.posts(page_of, {"name": "Mine"}).status == 403
        assert db.scalars(select(App.name)).all() == ["Acme Notes"]


class TestAnotherApp:
    def test_is_the_owners_and_has_numbers_of_its_own(self, alice: Visitor, db: Session) -> None:
        assert alice.opens("/console/apps").has("console-add-app")

        answer = alice.posts("/console/apps/new", NEW)

        app = db.scalars(select(App).where(App.name == "Acme Maps")).one()
        assert answer.location == f"/console/apps/{app.uuid}/"
        # Acme is taken by the app there is.
        assert app.invoice_prefix == "ACME2"
        assert not app.livemode
        listed = alice.opens("/console/").words()
        assert "Acme Maps" in listed and "Acme Notes" in listed

    def test_cannot_have_the_prefix_of_the_first(
        self, alice: Visitor, db: Session, page_of: str
    ) -> None:
        other = alice.posts("/console/apps/new", NEW).location + "settings"

        page = alice.posts(other, {**alice.opens(other).fields(other), "invoice_prefix": "acme"})

        assert page.problems == [
            "Another app of yours begins its numbers so, and no number may come twice."
        ]

    def test_names_what_is_wrong(self, alice: Visitor, db: Session) -> None:
        page = alice.posts("/console/apps/new", {**NEW, "seller_country": ""})

        assert page.problems == ["Choose a country."]
        assert db.scalars(select(App.name)).all() == ["Acme Notes"]

    def test_is_not_for_support_tenants_and_strangers(
        self, support: Visitor, tara: Visitor, nobody: Visitor
    ) -> None:
        assert not support.opens("/console/apps").has("console-add-app")
        for visitor in (support, tara):
            assert visitor.opens("/console/apps/new").status == 404
            assert visitor.posts("/console/apps/new", NEW).status == 404
        assert tara.opens("/console/apps").status == 404
        assert nobody.opens("/console/apps/new").location == "/sign-in?next=/console/apps/new"

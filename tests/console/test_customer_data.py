"""A tenant's data in the console: handed out to be kept, and deleted, by owners alone."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.billing.truth import acts, deeds
from app.models import Act, AuditEntry, Customer, Membership, Tenant
from tests import payer
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.pages import Visitor
from tests.sandbox_server import SandboxServer


@pytest.fixture
def globex(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/customers/{world.globex.uuid}"


@pytest.fixture
def bought(world: World, site: Site, sandbox: SandboxServer) -> None:
    """Let Globex have bought something once."""
    buyer = Buyer(world, site, sandbox, world.tara)
    placed = buyer.buys("onboarding", None, quantity=1)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url))


class TestTheFile:
    def test_is_sent_to_be_kept(
        self, alice: Visitor, world: World, globex: str, bought: None, db: Session
    ) -> None:
        file = alice.posts(f"{globex}/export")

        assert file.headers["Content-Type"] == "application/json"
        assert file.headers["Content-Disposition"] == (
            f"attachment; filename=tenant-{world.globex.uuid}.json"
        )
        assert json.loads(file.text)["tenant"]["uuid"] == str(world.globex.uuid)
        assert db.scalars(select(AuditEntry.action)).all() == ["tenant.exported"]


class TestDeleting:
    def test_says_what_goes_and_what_stays(self, alice: Visitor, globex: str, bought: None) -> None:
        page = alice.opens(f"{globex}/delete")

        assert page.heading == "Delete Globex?"
        assert "milo@globex.example, tara@globex.example" in page.words()
        assert "1 invoice or credit note" in page.words()
        assert "At Stripe, payments and invoices of the customer cus_" in page.words()
        assert "saved payment methods: Stripe cus_" in page.words()
        assert page.fields(f"{globex}/delete")["at_providers"] == "y"

    def test_takes_the_name_typed(
        self, alice: Visitor, globex: str, db: Session, world: World
    ) -> None:
        empty = alice.posts(f"{globex}/delete", {"name": ""})
        wrong = alice.posts(f"{globex}/delete", {"name": "Initech"})

        assert empty.problems == ["Type the name of the tenant."]
        assert wrong.problems == ["Type the name exactly as it stands above."]
        assert db.scalar(select(Tenant.name).where(Tenant.id == world.globex.id)) == "Globex"

    def test_leaves_the_invoices_to_the_owner(
        self, alice: Visitor, globex: str, bought: None
    ) -> None:
        gone = alice.posts(f"{globex}/delete", {"name": "Globex"})
        kept = alice.opens(gone.location)
        papers = [a.get("href", "") for a in kept.all("a") if a.get("href", "").endswith(".pdf")]

        assert gone.location == f"{globex}/kept"
        assert kept.heading == "What is kept of a deleted tenant"
        assert "cus_" in kept.words()
        assert alice.client.get(papers[0]).data.startswith(b"%PDF")
        assert "It is still known there." in kept.words()
        assert "Globex" not in alice.opens(globex.rpartition("/")[0]).words()

    def test_says_how_far_it_is_at_the_providers(
        self, alice: Visitor, globex: str, bought: None, db: Session, site: Site
    ) -> None:
        alice.posts(f"{globex}/delete", {"name": "Globex", "at_providers": "y"})

        waiting = alice.opens(f"{globex}/kept").words()
        (act_id,) = acts.due(db, now=site.clock.now())
        deeds.perform(db, site, act_id)
        done = alice.opens(f"{globex}/kept").words()
        db.execute(update(Act).values(state="failed"))
        db.execute(update(Customer).values(deleted_at=None))
        db.commit()
        refused = alice.opens(f"{globex}/kept").words()

        assert "It is being deleted there" in waiting
        assert "Deleted there on" in done
        assert "The provider refused to delete it." in refused

    def test_signs_its_people_out_and_closes_the_portal(
        self, alice: Visitor, tara: Visitor, world: World, globex: str
    ) -> None:
        portal = f"/t/{world.globex.uuid}/"
        assert tara.opens(portal).status == 200

        alice.posts(f"{globex}/delete", {"name": "Globex"})

        assert tara.opens(portal).status == 404
        assert tara.opens("/").location.startswith("/sign-in")
        assert alice.opens(globex).status == 404

    def test_pressed_twice_is_done_once(self, alice: Visitor, globex: str, db: Session) -> None:
        first, second = (alice.posts(f"{globex}/delete", {"name": "Globex"}) for _ in range(2))

        assert first.location == second.location == f"{globex}/kept"
        assert alice.opens(f"{globex}/delete").location == f"{globex}/kept"
        assert db.scalars(select(AuditEntry.action)).all() == ["tenant.deleted"]

    def test_waits_for_the_end_of_the_plan(self, alice: Visitor, world: World, globex: str) -> None:
        world.begin_plan(world.globex)

        page = alice.opens(f"{globex}/delete")
        pressed = alice.posts(f"{globex}/delete", {"name": "Globex"})

        assert "A plan runs. End it first" in page.words()
        assert not page.has("console-customers-delete-confirm")
        assert pressed.status == 409
        assert alice.opens(globex).heading == "Globex"

    def test_is_not_for_support(
        self, support: Visitor, globex: str, db: Session, world: World
    ) -> None:
        page = support.opens(globex)

        assert not page.has("console-customers-export")
        assert not page.has("console-customers-delete")
        assert support.opens(f"{globex}/delete").status == 403
        for path in ("/delete", "/export"):
            assert support.posts(globex + path, {"name": "Globex"}).status == 403
        present = select(Membership.id).where(Membership.tenant_id == world.globex.id)
        assert len(db.scalars(present).all()) == 2

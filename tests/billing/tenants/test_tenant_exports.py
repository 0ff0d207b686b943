"""What a tenant is handed: everything of its own, nothing of anybody else, and no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.billing.access import portal_links
from app.billing.errors import NotAllowed
from app.billing.tenants import deputies, tenant_exports
from app.models import AppMember, CheckoutSession, User
from tests import payer
from tests.billing.purchases import Buyer
from tests.cast import World

DOCUMENT = Path(__file__).parents[3] / "docs/customers.md"


def exported(world: World) -> dict[str, Any]:
    """Answer the file of Globex."""
    text = "".join(tenant_exports.write(world.db, world.globex.uuid))
    read: dict[str, Any] = json.loads(text)
    return read


@pytest.fixture
def bought(tara: Buyer) -> str:
    """Answer the uuid of what Tara bought once."""
    placed = tara.buys("onboarding", None, quantity=1)
    assert placed.url is not None
    tara.comes_back(payer.pays(placed.url))
    return str(placed.checkout_uuid)


class TestAnExport:
    def test_tells_what_was_bought_by_whom(self, world: World, bought: str) -> None:
        file = exported(world)

        (checkout,) = file["checkouts"]
        (payment,) = file["payments"]
        (invoice,) = file["invoices"]
        assert (file["schema"], file["version"]) == ("portico.tenant-export", 1)
        assert file["tenant"]["name"] == "Globex"
        assert [one["email"] for one in file["people"]][:1] == ["tara@globex.example"]
        assert (checkout["uuid"], checkout["person"]) == (bought, str(world.tara.uuid))
        assert checkout["provider"] == "stripe"
        assert payment["checkout"] == bought
        assert payment["amount"] == checkout["total"]
        assert invoice["payment"] == payment["uuid"]
        assert "checkout.complete" in [entry["kind"] for entry in file["timeline"]]
        assert file["mails"][0]["kind"] == "receipt"

    def test_holds_nothing_of_another_tenant(self, world: World, bought: str, peter: Buyer) -> None:
        placed = peter.buys("onboarding", None, quantity=1, country="US", currency="USD")
        assert placed.url is not None
        peter.comes_back(payer.pays(placed.url))

        text = json.dumps(exported(world))

        assert "initech" not in text.lower() and "peter" not in text.lower()
        assert str(placed.checkout_uuid) not in text

    def test_holds_no_secret(self, world: World, tara: Buyer, bought: str) -> None:
        _, address = portal_links.issue(world.db, tara.site, tenant=world.globex)
        world.db.commit()
        (row,) = tara.rows(CheckoutSession)
        (user,) = tara.rows(User, User.id == world.tara.id)

        text = json.dumps(exported(world))

        assert address.rpartition("/")[2] not in text
        assert row.return_key not in text
        assert user.password_digest not in text
        assert not re.search(r"digest|sealed|secret|idempotency", text)

    def test_lists_the_terms_that_were_accepted(
        self, world: World, tara: Buyer, bought: str
    ) -> None:
        world.db.execute(update(CheckoutSession).values(collected={"terms_accepted": True}))
        world.db.commit()

        (consent,) = exported(world)["consents"]

        assert consent["checkout"] == bought
        assert consent["to"] == "terms_of_service"

    def test_reads_more_rows_than_are_in_memory_at_once(
        self, world: World, tara: Buyer, bought: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = exported(world)
        monkeypatch.setattr(tenant_exports, "_PIECE", 1)

        assert {**exported(world), "exported_at": ""} == {**whole, "exported_at": ""}

    def test_has_the_lists_that_are_documented(self) -> None:
        named = re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT.read_text(), re.MULTILINE)

        assert named == tenant_exports.sections()

    def test_is_an_owners_to_hand_out(self, world: World) -> None:
        member = world.db.scalars(select(AppMember)).one()
        member.role = "support"

        with pytest.raises(NotAllowed):
            tenant_exports.note(world.db, deputies.of(world.db, member, world.globex.uuid))

"""Searches: whatever is in hand leads to its rows, and never to another app's."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.billing.access import portal_links
from app.billing.operations import searches
from app.billing.operations.searches import Hits
from app.models import (
    App,
    CheckoutSession,
    Customer,
    Invoice,
    Payment,
    Refund,
    Subscription,
    Tenant,
    User,
)
from tests import payer
from tests.billing.operations.members import refunds
from tests.billing.purchases import Buyer
from tests.billing.running_plans import CARDS, bought, cancels, resumes
from tests.models.rows import Rows


def find(buyer: Buyer, text: str) -> Hits:
    hits = searches.find(buyer.db, buyer.world.app, text)
    buyer.db.commit()
    return hits


def kinds(buyer: Buyer, text: str) -> list[str]:
    return [kind for kind, _ in find(buyer, text).groups]


class TestFinding:
    @pytest.mark.parametrize("method", CARDS)
    def test_leads_from_any_id_to_its_row(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        tara.sweeps()
        (plan,) = tara.rows(Subscription)
        (checkout,), (payment,) = tara.rows(CheckoutSession), tara.rows(Payment)
        (customer,) = tara.rows(Customer)
        (invoice,) = tara.rows(Invoice)

        at_mollie = method == "mollie-card"
        for text, kind in (
            (str(checkout.uuid), "checkouts"),
            (str(checkout.uuid)[:8].upper(), "checkouts"),
            (str(checkout.payment_uuid), "checkouts"),
            (str(plan.uuid).upper(), "subscriptions"),
            (str(payment.uuid), "payments"),
            (str(invoice.uuid), "invoices"),
            (str(tara.world.globex.uuid), "tenants"),
            (plan.provider_id or "", "subscriptions"),
            (invoice.shown_number, "invoices"),
            (customer.provider_id or "", "tenants"),
        ):
            found = find(tara, f"  {text} ")
            assert [name for name, _ in found.groups] == [kind], text
            assert found.only is not None
        tied = ["checkouts", "payments"] if at_mollie else ["payments"]
        assert kinds(tara, payment.provider_id) == tied
        assert "checkouts" in kinds(tara, checkout.provider_id or "")

    @pytest.mark.parametrize(
        "text", ["tara@globex.example", "TARA@globex.example", "invoices@globex.example"]
    )
    def test_leads_from_an_address_to_the_tenant(self, tara: Buyer, text: str) -> None:
        tara.db.execute(
            update(Tenant)
            .where(Tenant.name == "Globex")
            .values(invoice_email="invoices@globex.example")
        )
        tara.db.commit()

        assert find(tara, text).only == ("tenants", tara.world.globex.uuid)

    @pytest.mark.parametrize("text", ["Globex", "glo", "GLOBEX", "g"])
    def test_leads_from_the_beginning_of_a_name_to_the_tenant(self, tara: Buyer, text: str) -> None:
        assert find(tara, text).only == ("tenants", tara.world.globex.uuid)

    def test_finds_names_of_every_script(self, tara: Buyer) -> None:
        for name in ("Éclair & Fils", "Straße 7", "日本酒造", "%_ GmbH"):
            tara.db.add(Tenant(app=tara.db.merge(tara.world.app), name=name))
        tara.db.commit()

        for text, name in (
            ("éclair", "Éclair & Fils"),
            ("STRASSE", "Straße 7"),
            ("日本", "日本酒造"),
            ("%_", "%_ GmbH"),
        ):
            assert [tenant.name for tenant in find(tara, text).tenants] == [name]
        assert find(tara, "%").tenants != find(tara, "").tenants

    def test_follows_a_tenant_that_is_renamed(self, tara: Buyer) -> None:
        tenant = tara.db.scalars(select(Tenant).where(Tenant.name == "Globex")).one()
        tenant.name = "Hooli"
        tara.db.commit()

        assert find(tara, "hool").only is not None
        assert find(tara, "glob").only is None

    def test_finds_a_callers_reference_and_address(self, tara: Buyer) -> None:
        tara.buys()
        tara.db.execute(
            update(CheckoutSession).values(reference="ORDER-77", email="Payer@Shop.example")
        )
        tara.db.commit()

        assert kinds(tara, "ORDER-77") == ["checkouts"]
        assert kinds(tara, "Payer@Shop.example") == ["checkouts"]

    def test_finds_a_plan_by_the_id_it_had_before(self, tara: Buyer) -> None:

        before = bought(tara, "mollie-card").provider_id
        cancels(tara)
        assert resumes(tara).provider_id != before

        assert kinds(tara, before or "") == ["subscriptions"]

    def test_finds_a_payment_by_its_refund(self, tara: Buyer) -> None:

        bought(tara, "stripe-card")
        refunds(tara, 100)
        (refund,) = tara.rows(Refund)

        assert kinds(tara, refund.provider_id) == ["payments"]

    def test_leads_from_a_person_or_a_link_to_the_tenant(self, tara: Buyer) -> None:
        tara.db.execute(update(User).values(external_id="crm|4711").where(User.id == tara.user.id))
        link, _ = portal_links.issue(tara.db, tara.site, tenant=tara.db.merge(tara.world.globex))
        tara.db.commit()

        for text in (str(tara.user.uuid), "crm|4711", str(link.uuid)):
            assert find(tara, text).only == ("tenants", tara.world.globex.uuid), text

    def test_leads_from_their_own_ids_to_calls_in_and_out(self, tara: Buyer) -> None:
        rows = Rows(tara.world)
        event, delivery = rows.event(provider_event_id="evt_1"), rows.webhook_delivery()
        tara.db.add_all([event, delivery])
        tara.db.commit()

        assert find(tara, str(event.uuid)).only == ("events", event.uuid)
        assert find(tara, str(delivery.uuid)).only == ("deliveries", delivery.uuid)

    @pytest.mark.parametrize(
        "text", ["", "  ", "nothing", "cs_unknown", "a@b", "\x00", "%", "-" * 400]
    )
    def test_finds_nothing_where_there_is_nothing(self, tara: Buyer, text: str) -> None:
        assert find(tara, text).groups == []

    def test_never_finds_what_is_another_apps(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))
        other = App(name="Other", seller_name="Other", seller_country="DE")
        tara.db.add(other)
        tara.db.commit()
        (checkout,) = tara.rows(CheckoutSession)

        for text in (
            str(checkout.uuid),
            checkout.provider_id or "",
            "Globex",
            "tara@globex.example",
            tara.rows(Invoice)[0].shown_number,
        ):
            assert searches.find(tara.db, other, text).groups == []

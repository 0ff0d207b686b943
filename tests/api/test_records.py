"""Records by API: a checkout session, subscriptions, and what was paid."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from app.billing.plans import periods
from app.billing.site import Site
from tests import payer
from tests.api.conftest import Caller, Strangers, key_headers
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.sandbox_server import SandboxServer

READS = (
    "checkout-sessions/{checkout}",
    "subscriptions",
    "payment-providers/stripe/invoices",
)


@pytest.fixture
def tara(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    """Answer Tara, who buys for Globex in euros."""
    return Buyer(world, site, sandbox, world.tara)


def path_of(world: World, rest: str) -> str:
    return f"/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}/{rest}"


def buys(tara: Buyer, slug: str = "team", interval: str | None = "month", **order: str) -> str:
    placed = tara.buys(slug, interval, **order)
    assert placed.url is not None
    tara.comes_back(payer.pays(placed.url))
    return str(placed.checkout_uuid)


class TestCheckoutSession:
    def test_says_how_it_stands(self, reader: Caller, world: World, tara: Buyer) -> None:
        placed = tara.buys()
        path = path_of(world, f"checkout-sessions/{placed.checkout_uuid}")

        (before,) = reader.gets(path).get_json()["items"]
        tara.comes_back(payer.pays(placed.url or ""))
        (after,) = reader.gets(path).get_json()["items"]

        assert (before["status"], before["state"], after["status"]) == ("open", "open", "complete")
        assert before["nextAction"] == {"url": placed.url}
        assert after["nextAction"] == {"url": None}
        assert before["sessionId"].startswith("cs_test_")
        price = world.price("team")
        assert (after["priceId"], after["quantity"]) == (price.price_id, 2)
        assert after["net"] + after["tax"] == after["total"]
        assert after["paidAt"] is not None

    def test_is_not_there_for_another_tenant(
        self, reader: Caller, world: World, tara: Buyer
    ) -> None:
        placed = tara.buys()
        path = path_of(world, f"checkout-sessions/{placed.checkout_uuid}")
        other = path.replace(str(world.globex.uuid), str(world.initech.uuid))

        assert reader.gets(other).status_code == 404
        assert reader.gets(path_of(world, "checkout-sessions/none")).status_code == 404


class TestSubscriptions:
    def test_tell_what_runs(self, reader: Caller, world: World, tara: Buyer) -> None:
        empty = reader.gets(path_of(world, "subscriptions")).get_json()
        buys(tara)

        body = reader.gets(path_of(world, "subscriptions")).get_json()

        assert (empty["kind"], empty["items"]) == ("subscriptions", [])
        (item,) = body["items"]
        price = world.price("team")
        assert (item["status"], item["priceId"]) == ("active", price.price_id)
        assert item["subscriptionId"].startswith("sub_")
        assert item["productUuid"] == str(price.product.uuid)
        assert item["periodEnd"] > item["periodStart"]


class TestInvoices:
    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_name_every_period_of_a_plan(
        self, reader: Caller, world: World, tara: Buyer, provider: str
    ) -> None:
        buys(tara, method=f"{provider}-card")
        tara.waits("1 months")
        tara.waits("2 hours")
        tara.sweeps()

        body = reader.gets(path_of(world, f"payment-providers/{provider}/invoices")).get_json()

        assert (body["kind"], body["totalItems"]) == ("invoices", 2)
        later, item = body["items"]
        assert later["paidFrom"] == item["paidUntil"]
        assert (item["type"], item["units"], item["isPromotion"]) == ("subscription", 2, False)
        assert item["productPriceUuid"] == str(world.price("team").uuid)
        assert item["taxRateUuid"] in {str(rate.uuid) for rate in world.rates()}
        assert item["subscriptionId"]
        begins, ends = (datetime.fromisoformat(item[key]) for key in ("paidFrom", "paidUntil"))
        assert ends == periods.after(begins, "month")
        assert item["net"] + item["tax"] == item["amount"] == 4522
        assert item["invoiceId"] and item["number"] and item["paymentUrl"] is None
        assert item["pdfUrl"].startswith("http") and item["invoiceUrl"].startswith("http")
        assert item["number"] != later["number"]

    def test_name_what_was_paid_once(self, reader: Caller, world: World, tara: Buyer) -> None:
        buys(tara, "onboarding", None)

        (item,) = reader.gets(path_of(world, "payment-providers/stripe/invoices")).get_json()[
            "items"
        ]

        assert item["type"] == "oneTimePayment"
        assert (item["status"], item["chargedBack"]) == ("paid", 0)
        assert (item["paidFrom"], item["paidUntil"], item["subscriptionId"]) == (None, None, None)

    def test_say_that_a_bank_took_the_money_back(
        self, reader: Caller, world: World, tara: Buyer
    ) -> None:
        buys(tara, method="mollie-card")
        path = path_of(world, "payment-providers/mollie/invoices")
        (paid,) = reader.gets(path).get_json()["items"]
        tara.sandbox.charge_back(paid["paymentId"])
        tara.waits("1 days")
        tara.sweeps()

        (item,) = reader.gets(path).get_json()["items"]

        assert (item["status"], item["chargedBack"]) == ("charged_back", item["amount"])

    def test_keep_the_providers_apart_and_leave_out_set_ups(
        self, reader: Caller, world: World, tara: Buyer
    ) -> None:
        saved = tara.saves("mollie-card")
        tara.comes_back(payer.pays(saved.url or ""))
        buys(tara, "onboarding", None)

        at = {
            provider: reader.gets(
                path_of(world, f"payment-providers/{provider}/invoices")
            ).get_json()["totalItems"]
            for provider in ("stripe", "mollie")
        }

        assert at == {"stripe": 1, "mollie": 0}

    def test_come_page_by_page(self, reader: Caller, world: World, tara: Buyer) -> None:
        for _ in range(3):
            buys(tara, "onboarding", None)
        path = path_of(world, "payment-providers/stripe/invoices")

        pages = [reader.gets(f"{path}?page={page}&limit=2").get_json() for page in range(3)]

        assert [page["itemsLength"] for page in pages] == [2, 1, 0]
        assert {page["totalItems"] for page in pages} == {3}
        uuids = [item["uuid"] for page in pages for item in page["items"]]
        assert len(set(uuids)) == 3


class TestStrangers:
    @pytest.mark.parametrize("read", READS)
    def test_are_told_nothing(
        self,
        reader: Caller,
        server: Caller,
        world: World,
        strangers: Strangers,
        tara: Buyer,
        db: Session,
        read: str,
    ) -> None:
        path = path_of(world, read.format(checkout=buys(tara)))
        headers = key_headers(strangers.app, strangers.key, "read")
        stranger = Caller(reader.client, db, headers)

        asked = [
            reader.gets(path.replace(str(world.globex.uuid), str(strangers.tenant.uuid))),
            reader.gets(path.replace(str(world.globex.uuid), "globex")),
            stranger.gets(path),
            Caller(reader.client, db).gets(path),
            server.gets(path),
        ]

        assert [answer.status_code for answer in asked] == [404, 404, 401, 401, 401]
        assert reader.gets(path).status_code == 200

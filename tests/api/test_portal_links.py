"""Portal links and billing portals: made by an app's server or page, listed, withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.tenants import traces
from app.models import Customer, Membership, Origin, PortalLink, User
from tests.api.conftest import Caller, Json, Strangers, key_headers
from tests.cast import World
from tests.sandbox_server import SandboxServer

BACK = "https://app.example.com/billing?from=portal"
NOBODY = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"


def links_of(world: World) -> str:
    return f"/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}/portal-links"


def portals_of(world: World, provider: str = "stripe") -> str:
    home = f"/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}"
    return f"{home}/payment-providers/{provider}/billing-portals"


def own_portals(world: World, provider: str = "stripe") -> str:
    return f"/api/v1/apps/{world.app.uuid}/payment-providers/{provider}/billing-portals"


def links(db: Session) -> list[PortalLink]:
    db.expire_all()
    return list(db.scalars(select(PortalLink).order_by(PortalLink.id)))


class TestCreate:
    def test_answers_a_way_in_for_the_oldest_admin(self, server: Caller, world: World) -> None:
        answer = server.posts(links_of(world), {})

        assert answer.status_code == 201
        body = answer.get_json()
        assert [body[name] for name in ("kind", "totalItems", "itemsLength")] == [
            "portalLinks",
            1,
            1,
        ]
        (item,) = body["items"]
        assert (item["scope"], item["status"]) == ("portal", "open")
        assert item["userUuid"] == str(world.tara.uuid)
        path = urlsplit(item["nextAction"]["url"]).path
        page = server.client.get(path).get_data(as_text=True)
        assert "Continue as tara@globex.example?" in page

    def test_lives_ten_minutes(self, server: Caller, world: World, db: Session) -> None:
        server.posts(links_of(world), {})

        lifetime = links(db)[0].expires_at - clock.wall()
        assert timedelta(minutes=9) < lifetime <= timedelta(minutes=10)

    def test_leads_to_the_checkout_of_a_price(
        self, server: Caller, world: World, db: Session
    ) -> None:
        price = world.price("team").price_id
        body = {"scope": "checkout", "priceId": price, "quantity": 3, "returnUrl": BACK}

        (item,) = server.posts(links_of(world), body).get_json()["items"]

        assert (item["priceId"], item["quantity"], item["returnUrl"]) == (price, 3, BACK)

    def test_signs_in_the_user_it_names(self, server: Caller, world: World) -> None:
        body = {"userUuid": str(world.milo.uuid)}

        (item,) = server.posts(links_of(world), body).get_json()["items"]

        assert item["userUuid"] == str(world.milo.uuid)

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"scope": "everything"}, "scope must be one of portal, plans, checkout, payment-m"),
            ({"scope": 5}, "scope "),
            ({"scope": "checkout"}, "priceId is required for the scope checkout"),
            ({"scope": "checkout", "priceId": "price_unknown"}, "priceId is not a price of this"),
            ({"scope": "plans", "priceId": "TEAM"}, "priceId goes with the scope checkout only"),
            ({"quantity": 2}, "quantity goes with the scope checkout only"),
            ({"scope": "checkout", "priceId": "TEAM", "quantity": 0}, "quantity "),
            ({"scope": "checkout", "priceId": "TEAM", "quantity": 1001}, "quantity must be from 1"),
            (
                {"scope": "checkout", "priceId": "DOLLARS"},
                "priceId is in USD, and this tenant pays",
            ),
            ({"userUuid": "PETER"}, "userUuid does not belong to this tenant"),
            ({"userUuid": NOBODY}, "userUuid does not belong to this tenant"),
            ({"userUuid": "tara"}, "userUuid does not belong to this tenant"),
            ({"returnUrl": "https://evil.example/"}, "returnUrl must begin with one of"),
            ({"returnUrl": "javascript:alert(1)"}, "returnUrl must begin with one of"),
            ([], "The body must be a JSON object."),
        ],
    )
    def test_refuses_what_is_wrong_and_makes_nothing(
        self, server: Caller, world: World, db: Session, body: Json, message: str
    ) -> None:
        known = {
            "TEAM": world.price("team").price_id,
            "DOLLARS": world.price("team", currency="USD").price_id,
            "PETER": str(world.peter.uuid),
        }
        if isinstance(body, dict):
            body = {name: known.get(str(value), value) for name, value in body.items()}

        answer = server.posts(links_of(world), body)

        assert answer.status_code == 400
        (error,) = answer.get_json()["errors"]
        assert error["code"] == "[E4000]"
        assert error["message"].startswith(message)
        assert links(db) == []

    def test_says_what_is_missing_where_a_tenant_has_no_admin(
        self, server: Caller, world: World, db: Session
    ) -> None:
        db.execute(update(Membership).values(role="member"))

        answer = server.posts(links_of(world), {})

        assert answer.get_json()["errors"][0]["message"].startswith("userUuid is required")


class TestIndex:
    def test_shows_links_without_their_addresses(
        self, server: Caller, reader: Caller, world: World
    ) -> None:
        for scope in ("portal", "plans", "payment-methods"):
            server.posts(links_of(world), {"scope": scope})

        body = reader.gets(f"{links_of(world)}?page=0&limit=2").get_json()
        rest = reader.gets(f"{links_of(world)}?page=1&limit=2").get_json()

        assert [item["scope"] for item in body["items"]] == ["payment-methods", "plans"]
        assert (body["totalItems"], body["itemsLength"]) == (3, 2)
        assert [item["scope"] for item in rest["items"]] == ["portal"]
        assert {item["nextAction"]["url"] for item in body["items"]} == {None}

    @pytest.mark.parametrize(
        "query", ["page=-1", "limit=0", "limit=101", "page=x", "limit=1e9", "page=99999999999999"]
    )
    def test_refuses_a_page_that_is_none(self, reader: Caller, world: World, query: str) -> None:
        assert reader.gets(f"{links_of(world)}?{query}").status_code == 400


class TestRevoke:
    def test_withdraws_a_link(self, server: Caller, world: World) -> None:
        (item,) = server.posts(links_of(world), {}).get_json()["items"]

        answer = server.calls("DELETE", f"{links_of(world)}/{item['uuid']}")
        again = server.calls("DELETE", f"{links_of(world)}/{item['uuid']}")

        assert (answer.status_code, again.status_code) == (200, 200)
        assert answer.get_json()["items"][0]["status"] == "revoked"
        assert again.get_json()["items"] == answer.get_json()["items"]
        page = server.client.get(urlsplit(item["nextAction"]["url"]).path)
        assert page.status_code == 404

    def test_cannot_take_back_a_link_that_was_used(
        self, server: Caller, world: World, db: Session
    ) -> None:
        (item,) = server.posts(links_of(world), {}).get_json()["items"]
        db.execute(update(PortalLink).values(consumed_at=clock.wall()))

        answer = server.calls("DELETE", f"{links_of(world)}/{item['uuid']}")

        assert answer.status_code == 400
        assert "used already" in answer.get_json()["errors"][0]["message"]


class TestBillingPortal:
    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_opens_for_a_server_and_makes_the_customer(
        self,
        server: Caller,
        world: World,
        db: Session,
        sandbox: SandboxServer,
        provider: str,
    ) -> None:
        server.posts(portals_of(world, provider), {"defaultReturnUrl": BACK})
        answer = server.posts(portals_of(world, provider), {"defaultReturnUrl": BACK})

        assert answer.status_code == 200
        body = answer.get_json()
        assert body["kind"] == "billingPortal"
        (item,) = body["items"]
        assert "/link/" in item["nextAction"]["url"]
        assert item["createdBillingPortal"]["defaultReturnUrl"] == BACK
        (customer,) = db.scalars(select(Customer))
        assert customer.provider_id
        assert len([c for c in sandbox.calls("POST") if c["path"].endswith("/customers")]) == 1

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_opens_for_the_user_of_a_token(
        self, bearer_of: Callable[[User], Caller], world: World, provider: str
    ) -> None:
        body = {"tenantUuid": str(world.globex.uuid), "defaultReturnUrl": BACK}

        answer = bearer_of(world.milo).posts(own_portals(world, provider), body)

        assert answer.status_code == 200
        created = answer.get_json()["items"][0]["createdBillingPortal"]
        assert created["userUuid"] == str(world.milo.uuid)

    def test_withdraws_its_link_where_the_provider_does_not_answer(
        self, server: Caller, world: World, db: Session, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", match="/customers", times=20)

        answer = server.posts(portals_of(world), {"defaultReturnUrl": BACK})

        assert answer.status_code == 500
        assert int(answer.headers["Retry-After"]) > 0
        assert [link.revoked_at is not None for link in links(db)] == [True]

    @pytest.mark.parametrize("body", [{}, {"defaultReturnUrl": "https://evil.example/"}])
    def test_leads_back_to_a_registered_origin_only(
        self, server: Caller, world: World, db: Session, body: Json
    ) -> None:
        answer = server.posts(portals_of(world), body)

        assert answer.status_code == 400
        assert answer.get_json()["errors"][0]["message"].startswith("defaultReturnUrl ")
        assert links(db) == []

    def test_does_not_know_a_provider_that_is_not_connected(
        self, server: Caller, world: World
    ) -> None:
        path = portals_of(world, "paypal")

        assert server.posts(path, {"defaultReturnUrl": BACK}).status_code == 404


class TestIdempotencyKey:
    @pytest.mark.parametrize("path_of", [links_of, portals_of])
    def test_answers_the_same_link_address_and_all(
        self, server: Caller, world: World, db: Session, path_of: Callable[[World], str]
    ) -> None:
        path, body = path_of(world), {"returnUrl": BACK, "defaultReturnUrl": BACK}
        elsewhere = dict.fromkeys(body, f"{BACK}2")

        first = server.posts(path, body, Idempotency_Key="one")
        again = server.posts(path, body, Idempotency_Key="one")
        other = server.posts(path, body, Idempotency_Key="two")
        refused = server.posts(path, elsewhere, Idempotency_Key="one")

        assert again.get_json() == first.get_json() != other.get_json()
        assert (again.status_code, refused.status_code) == (first.status_code, 400)
        assert len(links(db)) == 2
        url = again.get_json()["items"][0]["nextAction"]["url"]
        assert server.client.get(urlsplit(url).path).status_code == 200

    def test_tells_what_became_of_the_link(self, server: Caller, world: World) -> None:
        (item,) = server.posts(links_of(world), {}, Idempotency_Key="one").get_json()["items"]
        server.calls("DELETE", f"{links_of(world)}/{item['uuid']}")

        (again,) = server.posts(links_of(world), {}, Idempotency_Key="one").get_json()["items"]

        assert (again["uuid"], again["status"]) == (item["uuid"], "revoked")

    def test_makes_another_where_the_first_call_failed_at_the_provider(
        self, server: Caller, world: World, db: Session, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", match="/customers", times=20)
        path, body = portals_of(world), {"defaultReturnUrl": BACK}
        server.posts(path, body, Idempotency_Key="one")
        sandbox.clear_faults()

        answer = server.posts(path, body, Idempotency_Key="one")

        assert answer.status_code == 200
        assert [link.revoked_at is not None for link in links(db)] == [True, False]

    def test_goes_with_its_tenant(self, server: Caller, world: World, db: Session) -> None:
        server.posts(links_of(world), {}, Idempotency_Key="one")

        traces.remove(db, db.merge(world.globex))

        assert links(db) == []


class TestStrangers:
    def test_reach_nothing_with_a_key_of_their_own(
        self, server: Caller, world: World, strangers: Strangers, db: Session
    ) -> None:
        (item,) = server.posts(links_of(world), {}).get_json()["items"]
        theirs = key_headers(strangers.app, strangers.key)
        stranger = Caller(server.client, db, theirs)
        own = links_of(world).replace(str(world.app.uuid), str(strangers.app.uuid))

        for path, status in ((links_of(world), 401), (own, 404)):
            assert stranger.posts(path, {}).status_code == status
            assert stranger.calls("DELETE", f"{path}/{item['uuid']}").status_code == status
        own_portal = portals_of(world).replace(str(world.app.uuid), str(strangers.app.uuid))
        for path, status in ((portals_of(world), 401), (own_portal, 404)):
            assert stranger.posts(path, {"defaultReturnUrl": BACK}).status_code == status
        assert [link.revoked_at for link in links(db)] == [None]

    def test_reach_no_tenant_of_another_app(
        self, server: Caller, world: World, strangers: Strangers, db: Session
    ) -> None:
        foreign = links_of(world).replace(str(world.globex.uuid), str(strangers.tenant.uuid))

        assert server.posts(foreign, {}).status_code == 404
        assert links(db) == []

    def test_revoke_no_link_of_another_tenant(
        self, server: Caller, world: World, db: Session
    ) -> None:
        (item,) = server.posts(links_of(world), {}).get_json()["items"]
        other = links_of(world).replace(str(world.globex.uuid), str(world.initech.uuid))

        assert server.calls("DELETE", f"{other}/{item['uuid']}").status_code == 404
        assert links(db)[0].revoked_at is None

    def test_come_by_no_token_of_somebody_else(
        self, bearer_of: Callable[[User], Caller], world: World, strangers: Strangers, db: Session
    ) -> None:
        ours = {"tenantUuid": str(world.globex.uuid), "defaultReturnUrl": BACK}
        db.add(Membership(tenant_id=strangers.tenant.id, user_id=world.tara.id, role="admin"))
        theirs = {"tenantUuid": str(strangers.tenant.uuid), "defaultReturnUrl": BACK}

        peter = bearer_of(world.peter).posts(own_portals(world), ours)
        tara = bearer_of(world.tara).posts(own_portals(world), theirs)
        nobody = bearer_of(world.tara).posts(own_portals(world), ours, Authorization=None)

        assert [a.status_code for a in (peter, tara, nobody)] == [404, 404, 401]
        assert nobody.get_json()["errors"][0]["message"] == "Unauthorized Token"
        assert links(db) == []

    def test_write_nothing_with_a_read_key(self, reader: Caller, world: World) -> None:
        answer = reader.posts(links_of(world), {}, x_api_key_type="write")

        assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (401, "[E4011]")

    def test_list_nothing_with_a_write_key(self, server: Caller, world: World) -> None:
        answer = server.gets(links_of(world))

        assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (401, "[E4011]")


def test_pages_of_registered_origins_may_ask_by_token(
    bearer_of: Callable[[User], Caller], world: World, db: Session
) -> None:
    db.add(Origin(app_id=world.app.id, origin="https://spa.example.com"))
    body = {"tenantUuid": str(world.globex.uuid), "defaultReturnUrl": BACK}

    answer = bearer_of(world.tara).posts(own_portals(world), body, Origin="https://spa.example.com")

    assert answer.headers["Access-Control-Allow-Origin"] == "https://spa.example.com"

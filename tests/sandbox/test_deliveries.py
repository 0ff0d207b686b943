"""Webhooks: posted in order, signed, tried again on the sandbox's clock, faulty when asked."""

from __future__ import annotations

import json
import urllib.error
from typing import Any

import pytest
import stripe

from app.sandbox import deliveries
from app.sandbox.store import Json
from app.sandbox.world import Account
from tests.sandbox.receiver import Receiver
from tests.sandbox.shop import Shop
from tests.sandbox_server import OPENER, SandboxServer


def listen(shop: Shop, url: str, *events: str) -> Any:
    wanted = {"url": url, "enabled_events": list(events) or ["*"]}
    return shop.sdk.webhook_endpoints.create(wanted)


def types(receiver: Receiver) -> list[str]:
    return [json.loads(taken.body)["type"] for taken in receiver.taken]


class TestDelivery:
    def test_is_signed_as_the_sdk_checks_it(self, shop: Shop, receiver: Receiver) -> None:
        secret = listen(shop, receiver.url).secret
        # Signatures use wall time, wherever the sandbox's clock stands.
        shop.sandbox.advance("1 year")

        id = shop.customer()
        shop.sandbox.wait_idle()

        [taken] = receiver.taken
        signature = taken.headers["Stripe-Signature"]
        event = stripe.Webhook.construct_event(taken.body, signature, secret)
        assert (event.type, event.data.object.id) == ("customer.created", id)
        assert event.api_version == "2026-10-28.endive"
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(taken.body + b" ", signature, secret)

    def test_goes_only_to_endpoints_that_listen(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url, "product.created")

        shop.customer()
        shop.product()
        shop.sandbox.wait_idle()

        assert types(receiver) == ["product.created"]

    def test_keeps_the_order_of_events(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url)

        shop.subscriber()
        shop.sandbox.wait_idle()

        assert types(receiver) == shop.events()

    def test_is_tried_again_on_the_sandbox_clock(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url)
        receiver.statuses = [500, 302]

        shop.customer()
        shop.sandbox.wait_idle()
        assert len(receiver.taken) == 1
        shop.sandbox.advance("2 hours")

        assert len({taken.body for taken in receiver.taken}) == 1
        [row] = shop.sandbox.deliveries()
        assert (row["attempts"], row["status"]) == (3, "delivered")

    def test_is_given_up_after_the_last_try(self, shop: Shop) -> None:
        listen(shop, "http://127.0.0.1:9/nobody")

        shop.customer()
        shop.sandbox.advance("3 days")

        [row] = shop.sandbox.deliveries()
        assert (row["attempts"], row["status"]) == (4, "failed")

    def test_can_be_sent_once_more(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url)
        id = shop.customer()
        shop.sandbox.wait_idle()

        [row] = shop.sandbox.deliveries()
        shop.sandbox.resend(row["id"])
        shop.sandbox.wait_idle()

        assert len(receiver.taken) == 2
        assert receiver.taken[0].body == receiver.taken[1].body
        [row] = shop.sandbox.deliveries()
        assert row == {
            "id": row["id"],
            "provider": "stripe",
            "event_id": json.loads(receiver.taken[0].body)["id"],
            "type": "customer.created",
            "object_id": id,
            "attempts": 2,
            "status": "delivered",
        }

    def test_an_unknown_one_cannot_be_sent_again(self, sandbox: SandboxServer) -> None:
        url = f"{sandbox.url}/control/deliveries/nothing/resend"

        with pytest.raises(urllib.error.HTTPError) as refused:
            OPENER.open(url, b"", timeout=10)

        with refused.value as answer:
            assert answer.code == 404

    def test_is_attempted_before_the_clock_answers(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url, "invoice.paid")
        shop.subscriber()

        shop.sandbox.advance("3 months")

        assert len(receiver.taken) == 4

    def test_calls_back_in_while_it_is_delivered(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url, "checkout.session.completed")
        looked: list[str] = []

        def look(taken: Any) -> None:
            id = json.loads(taken.body)["data"]["object"]["id"]
            looked.append(shop.call("GET", f"/v1/checkout/sessions/{id}").json()["status"])

        receiver.on_delivery = look
        shop.subscriber()
        shop.sandbox.wait_idle()

        assert looked == ["complete"]


class TestWhatCannotBeDelivered:
    @pytest.mark.parametrize(
        "path", ["/h\N{LATIN SMALL LETTER O WITH DIAERESIS}ren", "/a b", "]:x"]
    )
    def test_to_an_address_that_cannot_be_called_is_given_up_like_any_other(
        self, shop: Shop, path: str
    ) -> None:
        account = shop.sandbox.app.world.account("stripe", shop.key)
        tell(account, f"http://127.0.0.1{path}")

        shop.sandbox.advance("3 days")

        [row] = shop.sandbox.deliveries()
        assert (row["attempts"], row["status"]) == (4, "failed")

    def test_for_a_fault_of_ours_keeps_nobody_waiting(
        self, shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(deliveries.SENDERS, "broken", _Broken())
        world = shop.sandbox.app.world
        for number in range(deliveries.WORKERS + 1):
            tell(Account(world, "broken", f"broken:{number}"), receiver.url)
        shop.sandbox.wait_idle()

        tell(world.account("stripe", shop.key), receiver.url)
        shop.sandbox.wait_idle()

        assert [taken.body for taken in receiver.taken] == [b"{}"]


class _Broken(deliveries.Sender):
    def headers(self, delivery: Json) -> dict[str, str]:
        raise RuntimeError("ours")

    def is_taken(self, status: int) -> bool:
        return True


def tell(account: Account, url: str) -> None:
    with account.transaction():
        account.deliver(url=url, body="{}", event_id="evt_1", type="x", object_id="y", secret="s")


class TestFault:
    def test_drop_loses_a_delivery_for_good(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url)
        shop.sandbox.fault("drop", target="webhook", provider="stripe", match="customer.created")

        shop.customer()
        shop.customer()
        shop.sandbox.advance("3 days")

        assert len(receiver.taken) == 1
        assert [row["status"] for row in shop.sandbox.deliveries()] == ["dropped", "delivered"]

    def test_duplicate_sends_the_same_event_twice(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url)
        shop.sandbox.fault("duplicate", target="webhook")

        shop.customer()
        shop.sandbox.wait_idle()

        assert len(receiver.taken) == 2
        assert len({json.loads(taken.body)["id"] for taken in receiver.taken}) == 1

    def test_reorder_lets_the_next_one_pass(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url)
        shop.sandbox.fault("reorder", target="webhook", match="customer.created")

        shop.customer()
        shop.product()
        shop.sandbox.wait_idle()

        assert types(receiver) == ["product.created", "customer.created"]

    def test_reorder_does_not_hold_the_last_one_for_ever(
        self, shop: Shop, receiver: Receiver
    ) -> None:
        listen(shop, receiver.url)
        shop.sandbox.fault("reorder", target="webhook", seconds=30)

        shop.customer()
        shop.sandbox.wait_idle()
        assert receiver.taken == []
        shop.sandbox.advance("1 minute")

        assert types(receiver) == ["customer.created"]

    def test_delay_waits_on_the_sandbox_clock(self, shop: Shop, receiver: Receiver) -> None:
        listen(shop, receiver.url)
        shop.sandbox.fault("delay", target="webhook", match="cus_", seconds=3600)

        shop.customer()
        shop.product()
        shop.sandbox.advance("30 minutes")
        assert types(receiver) == ["product.created"]
        shop.sandbox.advance("31 minutes")

        assert types(receiver) == ["product.created", "customer.created"]

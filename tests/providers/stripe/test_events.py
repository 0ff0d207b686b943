"""Calls at our door: only Stripe's own are read, and each names what to look at."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from app.providers import errors
from app.providers.stripe import events
from tests import contracts

SECRET = "whsec_portico"


def signed(body: bytes, secret: str = SECRET, *, age: int = 0) -> dict[str, str]:
    at = int(time.time()) - age
    text = body.decode("utf-8", "surrogateescape")
    sign = stripe.WebhookSignature.generate_signature_header
    return {"Stripe-Signature": sign(text, secret, at)}


def event_about(subject: dict[str, Any], type: str = "invoice.paid") -> bytes:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": type,
        "created": 1_795_000_000,
        "livemode": False,
        "data": {"object": subject},
    }
    return json.dumps(event).encode()


def read(body: bytes) -> Any:
    return events.read(body, signed(body), SECRET)


class TestRead:
    def test_says_what_came_when_and_from_which_side(self) -> None:
        event = read(
            event_about({"id": "cs_1", "object": "checkout.session"}, "checkout.session.completed")
        )

        assert event.type == "checkout.session.completed"
        assert event.object_id == "cs_1"
        assert event.provider_event_id == "evt_1"
        assert event.created_at is not None and event.created_at.timestamp() == 1_795_000_000
        assert event.livemode is False

    @pytest.mark.parametrize(
        ("subject", "look_at"),
        [
            ({"object": "subscription", "id": "sub_1"}, "sub_1"),
            (
                {
                    "object": "invoice",
                    "id": "in_1",
                    "parent": {"subscription_details": {"subscription": "sub_1"}},
                },
                "sub_1",
            ),
            ({"object": "invoice", "id": "in_1", "parent": None}, "in_1"),
            ({"object": "payment_intent", "id": "pi_1"}, "pi_1"),
            ({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, "pi_1"),
            ({"object": "charge", "id": "ch_1", "payment_intent": None}, "ch_1"),
            (
                {"object": "refund", "id": "re_1", "payment_intent": "pi_1", "charge": "ch_1"},
                "pi_1",
            ),
            ({"object": "dispute", "id": "dp_1", "charge": {"id": "ch_1"}}, "ch_1"),
            ({"object": "setup_intent", "id": "seti_1"}, "seti_1"),
            ({"object": "payment_method", "id": "pm_1", "customer": "cus_1"}, "cus_1"),
            ({"object": "payment_method", "id": "pm_1", "customer": None}, "pm_1"),
            ({"object": "balance"}, "evt_1"),
        ],
    )
    def test_names_what_to_look_at(self, subject: dict[str, Any], look_at: str) -> None:
        assert read(event_about(subject)).object_id == look_at

    def test_takes_either_secret_while_one_is_being_replaced(self) -> None:
        body = event_about({"object": "payment_intent", "id": "pi_1"})
        old, new = signed(body, "whsec_old"), signed(body)
        both = old["Stripe-Signature"] + "," + new["Stripe-Signature"].split(",")[1]

        assert events.read(body, {"stripe-signature": both}, SECRET).object_id == "pi_1"

    def test_wants_only_events_the_contract_has(self) -> None:
        endpoint = {"url": "https://pay.example/hooks", "enabled_events": list(events.WANTED)}

        contracts.check_request("stripe", "POST", "/v1/webhook_endpoints", endpoint)


class TestRefuse:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Stripe-Signature": ""},
            {"Stripe-Signature": "nonsense"},
            {"Stripe-Signature": "t=abc,v1=00"},
            {"Stripe-Signature": "t=1795000000"},
            {"Stripe-Signature": "t=1795000000,v1=é"},
        ],
    )
    def test_a_call_that_is_not_signed(self, headers: dict[str, str]) -> None:
        with pytest.raises(errors.BadSignature):
            events.read(event_about({"id": "pi_1"}), headers, SECRET)

    def test_a_call_signed_with_another_secret(self) -> None:
        body = event_about({"id": "pi_1"})

        with pytest.raises(errors.BadSignature):
            events.read(body, signed(body, "whsec_forged"), SECRET)

    def test_a_call_changed_on_the_way(self) -> None:
        body = event_about({"object": "payment_intent", "id": "pi_1"})

        with pytest.raises(errors.BadSignature):
            events.read(body.replace(b"pi_1", b"pi_2"), signed(body), SECRET)

    def test_a_call_replayed_after_five_minutes(self) -> None:
        body = event_about({"id": "pi_1"})

        with pytest.raises(errors.BadSignature):
            events.read(body, signed(body, age=301), SECRET)

    @pytest.mark.parametrize("secret", [None, "", "  "])
    def test_every_call_while_no_secret_is_set(self, secret: str | None) -> None:
        body = event_about({"id": "pi_1"})

        with pytest.raises(errors.BadSignature):
            events.read(body, signed(body, ""), secret)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not json",
            b"[]",
            b"null",
            b'"text"',
            b"{}",
            b'{"id": "evt_1", "type": "v2.core", "data": {"object": null}}',
            b"[" * 100_000,
            event_about({"id": "pi_1"}).replace(b"1795000000", b"1e400"),
            event_about({"id": "pi_1"}).replace(b"1795000000", b"1" * 30),
            event_about({"id": 7, "object": "payment_intent"}),
            event_about({"id": "x" * 300}),
            event_about({"object": ["invoice"], "id": {"in": 1}}),
            event_about({"id": "in_1", "object": "invoice", "parent": "x"}),
            event_about({"id": "ch_1", "object": "charge", "payment_intent": {"no": "id"}}),
        ],
    )
    def test_a_signed_call_that_is_no_event(self, body: bytes) -> None:
        with pytest.raises(errors.BadSignature):
            read(body)

    def test_a_body_that_is_not_text(self) -> None:
        with pytest.raises(errors.BadSignature):
            events.read(b"\xff\xfe", {"Stripe-Signature": "t=1,v1=00"}, SECRET)

    @given(st.binary(max_size=200), st.text(max_size=80))
    def test_whatever_is_thrown_at_it(self, body: bytes, header: str) -> None:
        with pytest.raises(errors.BadSignature):
            events.read(body, {"Stripe-Signature": header}, SECRET)

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["id", "object", "parent", "payment_intent", "customer"]), inner
                )
            ),
            max_leaves=8,
        )
    )
    def test_or_read_any_signed_subject(self, subject: Any) -> None:
        body = event_about(subject)
        try:
            event = read(body)
        except errors.BadSignature:
            return

        assert 0 < len(event.object_id) <= 255

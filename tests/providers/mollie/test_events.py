"""Reading Mollie's unsigned calls."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.providers import errors
from app.providers.mollie import events

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json; charset=utf-8"}


class TestRead:
    def test_a_form_names_the_payment_to_look_at(self) -> None:
        event = events.read(b"id=tr_7UhSN1zuXS", FORM)

        assert event.object_id == "tr_7UhSN1zuXS"
        assert event.type is None
        assert event.provider_event_id is None

    def test_json_names_it_too(self) -> None:
        assert events.read(b'{"id": "tr_7UhSN1zuXS"}', JSON).object_id == "tr_7UhSN1zuXS"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"id=",
            b"id=tr_",
            b"id=sub_abc",
            b"id=tr_x/../../customers",
            b"id=tr_x%2F..%2Fcustomers",
            b"id=tr_a%0A",
            b"id=tr_a&id=tr_b",
            b"id=tr_" + "é".encode(),
            b"id=tr_" + b"a" * 2000,
            b"&".join([b"id=tr_a"] * 50),
            b"\xff\xfe",
            b'{"id": "tr_a"}',
        ],
    )
    def test_anything_else_is_not_trusted(self, body: bytes) -> None:
        with pytest.raises(errors.BadSignature):
            events.read(body, FORM)

    @pytest.mark.parametrize(
        "body", [b"id=tr_a", b"[]", b'"tr_a"', b"{}", b'{"id": 7}', b"[" * 900]
    )
    def test_anything_else_in_json_is_not_trusted(self, body: bytes) -> None:
        with pytest.raises(errors.BadSignature):
            events.read(body, JSON)

    @given(st.text())
    def test_only_a_whole_id_ever_comes_out(self, text: str) -> None:
        try:
            found = events.read(json.dumps({"id": text}).encode(), JSON).object_id
        except errors.BadSignature:
            return
        assert found == text
        assert events.PAYMENT_ID.fullmatch(found)

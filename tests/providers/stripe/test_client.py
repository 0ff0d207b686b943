"""Calls to Stripe: what is sent, what is repeated, and what each refusal becomes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.providers import base, errors
from app.providers.stripe import client as client_module
from app.providers.stripe.client import Client
from tests.providers.stripe.scripted import Answer, ScriptedServer, serve

KEY = "sk_test_portico"
DONE = Answer(body='{"id": "cus_1"}')
BUSY = Answer(500, '{"error": {"type": "api_error", "message": "busy"}}')
REPLAYED = Answer(BUSY.status, BUSY.body, {"Idempotent-Replayed": "true"})


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_PAUSES", (0.0, 0.0))


def client_of(server: ScriptedServer, *, read: float = 5.0) -> Client:
    return Client(base.Connection(KEY, server.url + "/stripe"), (2.0, read))


def refusal(status: int, headers: dict[str, str] | None = None, **error: Any) -> Answer:
    error = {"type": "invalid_request_error", "message": "no", **error}
    return Answer(status, json.dumps({"error": error}), headers or {})


def sent_for(*answers: Answer, key: str | None = "one") -> tuple[list[Any], Exception | None]:
    """Make one call against these answers; answer what was sent and what was raised."""
    with serve(*answers) as server:
        client = client_of(server)
        try:
            client.post("customers", params={"name": "Tara"}, key=key)
        except errors.ProviderError as error:
            return server.requests, error
        finally:
            client.close()
    return server.requests, None


def raised_by(answer: Answer) -> Exception:
    _, error = sent_for(answer)
    assert error is not None
    return error


class TestCalls:
    def test_carry_the_key_the_version_and_nothing_of_this_machine(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CODEX_CI", "1")

        (request,), _ = sent_for(DONE)

        assert request.target == "/stripe/v1/customers"
        assert request.body == "name=Tara"
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["idempotency-key"] == "one"
        assert request.headers["stripe-version"] == "2026-10-28.endive"
        assert "AIAgent" not in request.headers["user-agent"]
        assert "x-stripe-client-telemetry" not in request.headers
        assert "platform" not in json.loads(request.headers["x-stripe-client-user-agent"])

    def test_put_reads_into_the_query(self) -> None:
        with serve(Answer(body='{"data": [], "has_more": false}')) as server:
            client = client_of(server)

            client.get("invoices", params={"customer": "cus_1", "expand": ["data.payments"]})
            client.close()

        assert server.requests[0].target == (
            "/stripe/v1/invoices?customer=cus_1&expand[0]=data.payments"
        )

    def test_go_through_a_list_page_by_page(self) -> None:
        pages = [
            Answer(body='{"data": [{"id": "a"}, {"id": "b"}], "has_more": true}'),
            Answer(body='{"data": [{"id": "c"}], "has_more": false}'),
        ]
        with serve(*pages) as server:
            client = client_of(server)

            found = [item["id"] for item in client.each("tax_rates")]
            client.close()

        assert found == ["a", "b", "c"]
        assert server.requests[1].target.endswith("?limit=100&starting_after=b")

    def test_stop_after_the_most_that_was_asked_for(self) -> None:
        page = Answer(body='{"data": [{"id": "a"}], "has_more": true}')
        with serve(page) as server:
            client = client_of(server)

            list(client.each("invoices", most=100))
            client.close()

        assert len(server.requests) == 1

    @pytest.mark.parametrize("id", ["../customers", "a/b", "", "cus_1?x=1", "cus 1", "é"])
    def test_refuse_an_id_that_would_climb_out_of_its_place(self, id: str) -> None:
        with serve(DONE) as server:
            client = client_of(server)

            with pytest.raises(errors.Missing):
                client.get("payment_methods", id)
            client.close()

        assert server.requests == []


class TestRepeats:
    @pytest.mark.parametrize(
        "answer",
        [
            BUSY,
            Answer(503, "<h1>Down</h1>"),
            Answer(200, "not json"),
            refusal(409, code="idempotency_key_in_use"),
            refusal(429, code="rate_limit"),
            refusal(400, code="rate_limit"),
            refusal(400, code="lock_timeout"),
            Answer(hangs_up=True, body="", headers={"Content-Length": "10"}),
        ],
        ids=["500", "503", "garbage", "in-flight", "429", "400-limit", "lock", "cut-off"],
    )
    def test_are_made_with_the_same_key_where_stripe_may_only_be_busy(self, answer: Answer) -> None:
        requests, error = sent_for(answer, DONE)

        assert error is None
        assert [r.headers["idempotency-key"] for r in requests] == ["one", "one"]
        assert requests[0].body == requests[1].body

    def test_end_after_the_second(self) -> None:
        requests, error = sent_for(BUSY)

        assert len(requests) == 3
        assert isinstance(error, errors.Unavailable) and not error.permanent

    def test_are_not_made_without_a_key(self) -> None:
        requests, error = sent_for(BUSY, key=None)

        assert len(requests) == 1
        assert isinstance(error, errors.Unavailable)

    @pytest.mark.parametrize(
        "answer", [REPLAYED, Answer(500, "<h1>", {"Idempotent-Replayed": "true"})]
    )
    def test_are_not_made_of_a_fault_stripe_keeps_for_the_key(self, answer: Answer) -> None:
        requests, error = sent_for(answer)

        assert len(requests) == 1
        assert isinstance(error, errors.Unavailable) and error.replayed

    def test_are_not_made_where_stripe_asks_not_to(self) -> None:
        requests, error = sent_for(refusal(500, {"Stripe-Should-Retry": "false"}))

        assert len(requests) == 1
        assert isinstance(error, errors.Unavailable)

    def test_are_left_to_the_caller_where_stripe_names_a_longer_wait(self) -> None:
        requests, error = sent_for(refusal(429, {"Retry-After": "30"}))

        assert len(requests) == 1
        assert isinstance(error, errors.Unavailable) and error.retry_after == 30

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
    def test_are_not_made_of_a_refusal(self, status: int) -> None:
        requests, error = sent_for(refusal(status))

        assert len(requests) == 1
        assert isinstance(error, errors.ProviderError) and error.permanent

    def test_are_not_begun_when_they_could_not_end_in_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client_module, "_BUDGET", 2.0)
        with serve(Answer(is_silent=True)) as server:
            client = client_of(server, read=0.05)

            with pytest.raises(errors.Unavailable):
                client.get("customers", "cus_1")
            client.close()

        assert len(server.requests) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (refusal(400, code="parameter_unknown"), errors.Refused),
            (refusal(400), errors.Refused),
            (refusal(400, code="resource_missing"), errors.Missing),
            (refusal(404), errors.Missing),
            (refusal(400, type="idempotency_error"), errors.KeyReused),
            (refusal(401), errors.BadCredentials),
            (refusal(403), errors.NotPermitted),
            (refusal(400, code="secret_key_required"), errors.BadCredentials),
            (refusal(405), errors.Refused),
            (refusal(402, type="card_error", code="card_declined"), errors.Declined),
            (refusal(501), errors.Unavailable),
        ],
    )
    def test_become_one_of_our_errors(
        self, answer: Answer, kind: type[errors.ProviderError]
    ) -> None:
        assert type(raised_by(answer)) is kind

    def test_of_an_unknown_code_become_the_default_and_are_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        error = raised_by(refusal(400, code="brand_new_code"))

        assert type(error) is errors.Refused and error.code == "brand_new_code"
        assert "brand_new_code" in caplog.text

    def test_of_a_card_say_why(self) -> None:
        error = raised_by(
            refusal(402, type="card_error", code="card_declined", decline_code="insufficient_funds")
        )

        assert isinstance(error, errors.Declined)
        assert (error.code, error.reason) == ("card_declined", "insufficient_funds")

    def test_keep_their_cause_and_hide_every_key(self) -> None:
        message = "Invalid API Key provided: sk_test_****tico, not whsec_abc123 nor rk_live_9"

        error = raised_by(refusal(401, message=message))

        assert str(error) == "Stripe: Invalid API Key provided: [key], not [key] nor [key]"
        assert error.__cause__ is not None


@pytest.fixture(autouse=True)
def _nothing_else_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert KEY not in caplog.text

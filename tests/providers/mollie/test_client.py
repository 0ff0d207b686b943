"""Time-outs, repeats, ids, errors and headers of calls to Mollie."""

from __future__ import annotations

import pytest

from app.providers import base, errors
from app.providers.mollie import client
from tests import together
from tests.providers.mollie.conftest import KEY, ScriptedMollie

PAYMENT = {"resource": "payment", "id": "tr_7UhSN1zuXS"}
UUID = "6f1d4f9e-6a57-4d0a-9f0e-3c6a5d1b2c3d"


class TestRepeats:
    def test_a_read_is_repeated_after_a_fault(
        self, mollie: ScriptedMollie, account: client.Account, naps: list[float]
    ) -> None:
        mollie.refuses_with(503)
        mollie.answers_with(200, PAYMENT)

        found = account.payment("tr_7UhSN1zuXS")

        assert found == PAYMENT
        assert len(mollie.calls) == 2
        assert 0 < naps[0] <= 1

    def test_a_write_is_repeated_with_the_same_key_and_body(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        mollie.answers_with(0, None)
        mollie.answers_with(201, PAYMENT)

        account.create_payment({"description": "Team"}, key=UUID)

        first, second = mollie.calls
        assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == UUID
        assert first.body == second.body == {"description": "Team"}

    def test_it_gives_up_after_two_repeats(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        mollie.refuses_with(500)

        with pytest.raises(errors.Unavailable) as raised:
            account.create_payment({}, key=UUID)

        assert len(mollie.calls) == 3
        assert not raised.value.permanent

    def test_a_replayed_fault_is_not_repeated(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        mollie.refuses_with(500, Idempotent_Replayed="true")

        with pytest.raises(errors.Unavailable) as raised:
            account.create_payment({}, key=UUID)

        assert raised.value.replayed
        assert len(mollie.calls) == 1

    def test_a_short_retry_after_is_waited_for(
        self, mollie: ScriptedMollie, account: client.Account, naps: list[float]
    ) -> None:
        mollie.refuses_with(429, Retry_After="2")
        mollie.answers_with(200, PAYMENT)

        account.payment("tr_7UhSN1zuXS")

        assert naps == [2]

    def test_a_long_retry_after_is_left_to_the_caller(
        self, mollie: ScriptedMollie, account: client.Account, naps: list[float]
    ) -> None:
        mollie.refuses_with(429, Retry_After="30")

        with pytest.raises(errors.Unavailable) as raised:
            account.payment("tr_7UhSN1zuXS")

        assert raised.value.retry_after == 30
        assert naps == []

    def test_a_cancelation_without_a_key_is_tried_once(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        mollie.refuses_with(503)

        with pytest.raises(errors.Unavailable):
            account.cancel_payment("tr_7UhSN1zuXS")

        assert len(mollie.calls) == 1

    def test_no_repeat_begins_that_could_not_end_in_time(self, mollie: ScriptedMollie) -> None:
        ticks = iter([0.0, 10.0])
        connection = base.Connection(secret_key=KEY, api_url=mollie.url)
        account = client.Account(connection, sleep=lambda _: None, clock=lambda: next(ticks))
        mollie.refuses_with(503)

        with pytest.raises(errors.Unavailable):
            account.payment("tr_7UhSN1zuXS")

        assert len(mollie.calls) == 1


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, errors.Refused),
            (401, errors.BadCredentials),
            (403, errors.BadCredentials),
            (404, errors.Missing),
            (409, errors.Unavailable),
            (410, errors.Missing),
            (415, errors.Refused),
            (422, errors.Refused),
            (429, errors.Unavailable),
            (500, errors.Unavailable),
            (503, errors.Unavailable),
        ],
    )
    def test_every_status_has_one_of_our_errors(
        self,
        mollie: ScriptedMollie,
        account: client.Account,
        status: int,
        kind: type[errors.ProviderError],
    ) -> None:
        mollie.refuses_with(status)

        with pytest.raises(errors.ProviderError) as raised:
            account.payment("tr_7UhSN1zuXS")

        assert type(raised.value) is kind

    def test_a_refusal_names_the_field_in_mollies_words(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        body = {"status": 422, "title": "No", "detail": "The amount is too high", "field": "amount"}
        mollie.answers_with(422, body)

        with pytest.raises(errors.Refused, match="The amount is too high") as raised:
            account.create_payment({}, key=UUID)

        assert raised.value.code == "amount"

    def test_a_key_sent_with_another_request_is_our_fault(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        mollie.refuses_with(400, "The Idempotency-Key was used with other data")

        with pytest.raises(errors.KeyReused):
            account.create_payment({}, key=UUID)

    @pytest.mark.parametrize("body", ["<html>oops</html>", "[]", '"no"', "null", "", "{}"])
    @pytest.mark.parametrize("status", [502, 400])
    def test_an_answer_without_mollies_body_is_still_one_of_our_errors(
        self, mollie: ScriptedMollie, account: client.Account, status: int, body: str
    ) -> None:
        mollie.answers_with(status, body)

        with pytest.raises(errors.Unavailable if status == 502 else errors.Refused):
            account.payment("tr_7UhSN1zuXS")

    @pytest.mark.parametrize("body", ["<html>hello</html>", "[1]", "7"])
    def test_a_good_answer_that_cannot_be_read_is_a_fault(
        self, mollie: ScriptedMollie, account: client.Account, body: str
    ) -> None:
        mollie.answers_with(200, body)

        with pytest.raises(errors.Unavailable):
            account.payment("tr_7UhSN1zuXS")

    def test_a_silent_mollie_is_unavailable(self) -> None:
        connection = base.Connection(secret_key=KEY, api_url="http://127.0.0.1:9")
        account = client.Account(connection, sleep=lambda _: None)

        with pytest.raises(errors.Unavailable):
            account.payment("tr_7UhSN1zuXS")

    def test_a_redirect_is_not_followed(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        mollie.answers_with(302, {}, Location=f"{mollie.url}/v2/elsewhere")

        with pytest.raises(errors.Unavailable):
            account.payment("tr_7UhSN1zuXS")

        assert {call.path for call in mollie.calls} == {"/v2/payments/tr_7UhSN1zuXS"}

    @pytest.mark.parametrize(
        "key", ["", "sk_test_1", "test_", "live_a b", "test_a\nX: y", " test_a"]
    )
    def test_a_malformed_key_is_refused_without_repeating_it(self, key: str) -> None:
        account = client.Account(base.Connection(secret_key=key, api_url="http://127.0.0.1:9"))

        with pytest.raises(errors.BadCredentials) as raised:
            account.payment("tr_7UhSN1zuXS")

        assert str(raised.value) == "a Mollie key begins with test_ or live_"

    def test_no_error_holds_the_key(self, mollie: ScriptedMollie, account: client.Account) -> None:
        mollie.refuses_with(422, f"not with {KEY}")

        with pytest.raises(errors.Refused) as raised:
            account.create_payment({}, key=UUID)

        assert str(raised.value) == "Mollie refused: not with [key]"


class TestIds:
    @pytest.mark.parametrize(
        "payment_id", ["tr_x/../../customers", "tr_", "", "tr_a?b", "cst_a", "tr_a\n", "tr_ä"]
    )
    def test_an_id_that_could_climb_the_path_is_missing_without_a_call(
        self, mollie: ScriptedMollie, account: client.Account, payment_id: str
    ) -> None:
        with pytest.raises(errors.Missing):
            account.payment(payment_id)

        assert mollie.calls == []

    def test_every_other_id_is_checked_too(self, account: client.Account) -> None:
        for call in (
            lambda: account.cancel_payment("tr_/"),
            lambda: account.mandate("cst_a", "mdt_/"),
            lambda: account.mandate("cst_/", "mdt_a"),
            lambda: account.revoke_mandate("cst_a", "mdt_/"),
            lambda: account.subscription("cst_a", "sub_/"),
            lambda: account.update_subscription("cst_a", "sub_/", {}, key=UUID),
            lambda: account.cancel_subscription("cst_a", "sub_/", key=UUID),
            lambda: account.subscription_payments("cst_a", "sub_/", limit=1),
            lambda: account.create_subscription("cst_/", {}, key=UUID),
            lambda: account.charge_customer("cst_/", {}, key=UUID),
            lambda: account.create_refund("tr_/", {}, key=UUID),
            lambda: list(account.refunds("tr_/")),
            lambda: list(account.payments("cst_/")),
        ):
            with pytest.raises(errors.Missing):
                call()


class TestSession:
    def test_threads_share_the_pool_and_no_call_names_this_machine(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        mollie.answers_with(200, PAYMENT, Set_Cookie="seen=1")

        def ask_ten_times(_: int) -> None:
            for _ in range(10):
                account.payment("tr_7UhSN1zuXS")

        together.each(ask_ten_times, range(4))

        assert len(mollie.connections) <= 4
        for call in mollie.calls:
            assert call.headers["Authorization"] == f"Bearer {KEY}"
            assert call.headers["X-Mollie-Client-Info"] == ""
            assert "Cookie" not in call.headers

    def test_a_list_is_read_page_by_page_to_its_bound(
        self, mollie: ScriptedMollie, account: client.Account
    ) -> None:
        link = {"href": f"{mollie.url}/v2/customers?from=cst_2&limit=250", "type": "x"}
        page = {"count": 1, "_embedded": {"customers": [{"id": "cst_1"}]}, "_links": {"next": link}}
        mollie.answers_with(200, page)

        found = list(account.customers())

        assert len(found) == 4
        paths = [call.path for call in mollie.calls]
        assert paths == ["/v2/customers?limit=250"] + ["/v2/customers?from=cst_2&limit=250"] * 3

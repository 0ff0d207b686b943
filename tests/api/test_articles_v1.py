"""Seed 003: POST /payment/stripe/v1/checkout, as it stands in the document and as it may vary."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from xml.etree import ElementTree as xml

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from app.billing.demo.demo_world import API_KEYS
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.db.engine import Database
from app.models import ProviderAccount
from tests import payer, together
from tests.api.conftest import Caller, Json, Strangers, checkouts
from tests.cast import World
from tests.sandbox_server import SandboxServer

PATH = "/payment/stripe/v1/checkout"
STATUS = f"{PATH}/status"
# The sample of the seed, its placeholders still in it.
SAMPLE = (
    '{"CompanyId":"00000000-0000-0000-0000-000000000000","CountryCode":"String","Articles":'
    '[{"ArticleId":0,"ArticleTypeId":0,"Quantity":0}],"InternalReferenceId":"String",'
    '"ConfirmationUrl":"String","CancelUrl":"String","UiMode":"String"}'
)
# The names of the sample's answer, in its order.
NAMES = [
    "SessionId",
    "Url",
    "Status",
    "ClientSecret",
    "CustomerId",
    "PaymentIntentClientSecret",
    "PaymentIntentId",
    "StripeAccount",
]
_BODIES = "{http://schemas.datacontract.org/2004/07/BokaMera.API.ServiceModel.Dtos}"
_ERRORS = "{http://schemas.servicestack.net/types}"


@pytest.fixture
def host(flask_app: Flask, world: World, db: Session) -> Caller:
    """Answer the app's server, which shows its write key and nothing else."""
    return Caller(flask_app.test_client(), db, {"x-api-key": API_KEYS["write"]})


@pytest.fixture
def order(world: World) -> Json:
    """Answer the seed's sample with its placeholders filled in."""
    return {
        "CompanyId": str(world.globex.uuid),
        "CountryCode": "DE",
        "Articles": [{"ArticleId": 1, "ArticleTypeId": 1, "Quantity": 1}],
        "InternalReferenceId": "booking-4711",
        "ConfirmationUrl": "https://app.example.com/confirmed?a=1&b=%20",
        "CancelUrl": "https://app.example.com/cancel",
        "UiMode": "hosted",
    }


def table(answer: TestResponse) -> dict[str, str]:
    """Answer the only row of a CSV answer by its header."""
    header, row = csv.reader(io.StringIO(answer.text, newline=""))
    return dict(zip(header, row, strict=True))


def failure(answer: TestResponse) -> tuple[int, str]:
    """Answer status and ErrorCode of a JSON refusal, its shape checked."""
    assert answer.content_type == "application/json; charset=utf-8"
    body: Any = answer.json
    assert list(body) == ["ResponseStatus"]
    status = body["ResponseStatus"]
    assert list(status) == ["ErrorCode", "Message", "Errors"]
    assert all(list(one) == ["ErrorCode", "FieldName", "Message"] for one in status["Errors"])
    return answer.status_code, status["ErrorCode"]


def fields(answer: TestResponse) -> list[tuple[str, str]]:
    """Answer FieldName and ErrorCode of every problem of a refusal."""
    body: Any = answer.json
    return [(one["FieldName"], one["ErrorCode"]) for one in body["ResponseStatus"]["Errors"]]


class TestCreate:
    def test_answers_the_seeds_sample_as_the_seed_sends_it(self, host: Caller, order: Json) -> None:
        assert list(json.loads(SAMPLE)) == list(order)

        answer = host.posts(
            PATH, json.dumps(order).encode(), Accept="text/csv", Content_Type="text/csv"
        )

        assert (answer.status_code, answer.content_type) == (200, "text/csv")
        row = table(answer)
        assert list(row) == NAMES
        assert row["SessionId"].startswith("cs_test_")
        assert row["Url"].startswith("http")
        assert row["Status"] == "open"
        assert row["CustomerId"].startswith("cus_")

    def test_leaves_what_has_no_value_out_of_json(self, host: Caller, order: Json) -> None:
        answer = host.posts(PATH, order)

        body: Any = answer.json
        assert answer.content_type == "application/json; charset=utf-8"
        assert list(body) == ["SessionId", "Url", "Status", "CustomerId"]

    def test_stores_what_was_asked(self, host: Caller, order: Json, world: World) -> None:
        host.posts(PATH, order | {"CountryCode": "nl", "Articles": [article(quantity=3)]})

        (row,) = checkouts(world.db)
        assert (row.origin, row.mode, row.tenant_id) == ("articles_v1", "payment", world.globex.id)
        assert (row.currency, row.net, row.tax, row.total) == ("EUR", 147000, 30870, 177870)
        assert (row.tax_rule, row.tax_country) == ("destination", "NL")
        assert (row.success_url, row.cancel_url) == (order["ConfirmationUrl"], order["CancelUrl"])
        assert row.reference == "booking-4711"

    def test_gives_an_embedded_checkout_its_secret_and_no_address(
        self, host: Caller, order: Json
    ) -> None:
        del order["CancelUrl"]

        body: Any = host.posts(PATH, order | {"UiMode": "embedded"}).json

        assert list(body) == ["SessionId", "Status", "ClientSecret", "CustomerId"]
        assert body["ClientSecret"].startswith(body["SessionId"] + "_secret_")

    def test_names_the_account_where_it_is_a_connected_one(
        self, host: Caller, order: Json, world: World
    ) -> None:
        account: ProviderAccount = world.account("stripe")
        account.connect_id = "acct_1PqR"

        body: Any = host.posts(PATH, order).json

        assert body["StripeAccount"] == "acct_1PqR"

    def test_sells_without_the_addresses_of_the_caller(self, host: Caller, order: Json) -> None:
        for name in ("ConfirmationUrl", "CancelUrl", "UiMode"):
            order[name] = None

        answer = host.posts(PATH, order)

        body: Any = answer.json
        assert answer.status_code == 200
        assert body["Url"]

    def test_sells_an_american_company_the_price_in_euros(
        self, host: Caller, order: Json, world: World
    ) -> None:
        host.posts(PATH, order | {"CompanyId": world.initech.uuid.hex, "CountryCode": "US"})

        (row,) = checkouts(world.db)
        assert (row.currency, row.total, row.tax_rule) == ("EUR", 49000, "export")

    def test_does_not_charge_a_company_with_a_vat_number_of_another_member_state(
        self, host: Caller, order: Json, world: World
    ) -> None:
        world.globex.vat_number = "NL004495445B01"

        host.posts(PATH, order | {"CountryCode": "NL"})
        host.posts(PATH, order | {"CountryCode": "FR"})

        first, second = checkouts(world.db)
        assert (first.tax_rule, first.tax, first.vat_number) == (
            "reverse_charge",
            0,
            "NL004495445B01",
        )
        assert (second.tax_rule, second.vat_number) == ("destination", None)

    def test_adds_up_several_articles(self, host: Caller, order: Json, world: World) -> None:
        host.posts(PATH, order | {"Articles": [article(quantity=1), article(quantity=2)]})

        (row,) = checkouts(world.db)
        assert (row.net, row.total) == (147000, 174930)

    def test_is_paid_and_says_so(
        self, host: Caller, order: Json, site: Site, sandbox: SandboxServer
    ) -> None:
        body: Any = host.posts(PATH, order).json
        back = payer.pays(body["Url"])

        assert back is not None
        onward = host.gets(back.removeprefix(site.config.PUBLIC_URL))

        assert onward.headers["Location"] == order["ConfirmationUrl"]
        question = {"CompanyId": order["CompanyId"], "SessionId": body["SessionId"]}
        assert host.posts(STATUS, question).json == {
            "CustomerEmail": "invoices@globex.example",
            "Status": "complete",
        }


class TestFormats:
    @pytest.mark.parametrize(
        ("target", "headers", "type"),
        [
            (f"{PATH}.csv", {"Accept": "application/xml"}, "text/csv"),
            (f"{PATH}.xml?format=csv", {}, "application/xml"),
            (f"{PATH}.json?format=csv", {}, "application/json; charset=utf-8"),
            (f"{PATH}?callback=go&format=csv", {}, "application/json; charset=utf-8"),
            (f"{PATH}?format=csv", {"Accept": "application/xml"}, "text/csv"),
            (f"{PATH}?format=yaml", {"Accept": "application/xml"}, "application/xml"),
            (PATH.upper(), {"Accept": "text/csv"}, "text/csv"),
            (PATH, {"Accept": "text/html"}, "application/json; charset=utf-8"),
        ],
    )
    def test_answers_in_the_format_asked_for(
        self, host: Caller, order: Json, target: str, headers: dict[str, str], type: str
    ) -> None:
        answer = host.posts(target, order, **headers)

        assert (answer.status_code, answer.content_type) == (200, type)

    def test_offers_a_table_as_a_file(self, host: Caller, order: Json) -> None:
        answer = host.posts(f"{PATH}.csv", order)

        assert (
            answer.headers["Content-Disposition"]
            == 'attachment;filename="StripeV1CreateCheckout.csv"'
        )

    def test_answers_xml_with_every_name_in_the_alphabets_order(
        self, host: Caller, order: Json
    ) -> None:
        root = xml.fromstring(host.posts(f"{PATH}.xml", order).text)

        assert root.tag == f"{_BODIES}StripeCheckoutQueryResponse"
        assert [child.tag for child in root] == [f"{_BODIES}{name}" for name in sorted(NAMES)]
        assert root.findtext(f"{_BODIES}Status") == "open"

    def test_knows_no_other_suffix(self, host: Caller, order: Json) -> None:
        for suffix in (".CSV", ".yaml", "."):
            assert failure(host.posts(PATH + suffix, order))[0] == 404

    def test_reads_a_table_with_jsv_in_a_cell(
        self, host: Caller, order: Json, world: World
    ) -> None:
        cells = order | {"Articles": "[{ArticleId:1,ArticleTypeId:1,Quantity:2}]"}
        sheet = io.StringIO()
        csv.writer(sheet).writerows([list(cells), list(cells.values())])

        answer = host.posts(PATH, sheet.getvalue().encode(), Content_Type="text/csv")

        assert answer.status_code == 200
        assert [row.net for row in checkouts(world.db)] == [98000]

    @pytest.mark.parametrize(
        "articles",
        [
            "[{ArticleId:1,ArticleTypeId:1,Quantity:2}]",
            '[{"articleid":"1","ARTICLETYPEID":1,"Quantity":2}]',
        ],
    )
    @pytest.mark.parametrize("is_multipart", [False, True])
    def test_reads_forms(
        self, host: Caller, order: Json, world: World, articles: str, is_multipart: bool
    ) -> None:
        sent = order | {"Articles": articles}
        type = "multipart/form-data" if is_multipart else "application/x-www-form-urlencoded"

        answer = host.client.post(PATH, data=sent, headers=host.sends({}), content_type=type)

        assert answer.status_code == 200
        assert [row.net for row in checkouts(world.db)] == [98000]

    def test_reads_names_in_any_case_and_ignores_strange_ones(
        self, host: Caller, order: Json
    ) -> None:
        sent = {name.upper(): value for name, value in order.items()} | {"Colour": "red"}

        assert host.posts(PATH, sent).status_code == 200

    def test_lays_the_query_over_the_body(self, host: Caller, order: Json, world: World) -> None:
        query = urlencode({"countrycode": "FR", "UiMode": ""})

        host.posts(f"{PATH}?{query}", order)

        assert [row.tax_country for row in checkouts(world.db)] == ["FR"]


class TestEarlierCheckouts:
    def test_are_expired_at_the_provider_first(
        self, host: Caller, order: Json, sandbox: SandboxServer, world: World
    ) -> None:
        first: Any = host.posts(PATH, order).json
        host.posts(PATH, order)

        calls = [c["path"] for c in sandbox.calls("POST", "/checkout/sessions")]
        assert calls == [
            "/stripe/v1/checkout/sessions",
            f"/stripe/v1/checkout/sessions/{first['SessionId']}/expire",
            "/stripe/v1/checkout/sessions",
        ]
        assert [row.state for row in checkouts(world.db)] == ["expired", "open"]
        question = {"CompanyId": order["CompanyId"], "SessionId": first["SessionId"]}
        assert host.posts(STATUS, question).json == {
            "CustomerEmail": "invoices@globex.example",
            "Status": "expired",
        }

    @pytest.mark.parametrize("other", ["reference", "company"])
    def test_of_something_else_stay_open(
        self, host: Caller, order: Json, world: World, other: str
    ) -> None:
        changed = (
            {"InternalReferenceId": "booking-4712"}
            if other == "reference"
            else {"CompanyId": str(world.initech.uuid)}
        )
        host.posts(PATH, order)
        host.posts(PATH, order | changed)

        assert [row.state for row in checkouts(world.db)] == ["open", "open"]

    def test_that_has_just_been_paid_is_a_conflict(
        self, host: Caller, order: Json, world: World
    ) -> None:
        first: Any = host.posts(PATH, order).json
        payer.pays(first["Url"])

        answer = host.posts(PATH, order)

        assert failure(answer) == (409, "Conflict")
        assert [row.state for row in checkouts(world.db)] == ["complete", "not_charged"]

    def test_that_cannot_be_ended_now_is_ended_by_the_sweep(
        self, host: Caller, order: Json, sandbox: SandboxServer, world: World, site: Site
    ) -> None:
        host.posts(PATH, order)
        sandbox.fault("500_before", provider="stripe", match="expire", times=9)
        second = host.posts(PATH, order)
        before = checkouts(world.db)[0]
        assert (second.status_code, before.state) == (200, "open")
        assert before.superseded_at is not None

        sandbox.clear_faults()
        sandbox.advance("10 minutes")
        sweep.run(world.db, site)

        assert [row.state for row in checkouts(world.db)] == ["expired", "open"]


class TestStatus:
    def test_is_told_in_every_format(self, host: Caller, order: Json) -> None:
        session_id = table(host.posts(f"{PATH}.csv", order))["SessionId"]
        question = {"CompanyId": order["CompanyId"], "SessionId": session_id}

        assert table(host.posts(f"{STATUS}.csv", question))["Status"] == "open"
        assert "<Status>open</Status>" in host.posts(f"{STATUS}.xml", question).text

    def test_is_expired_when_its_time_is_over_even_if_nobody_has_looked(
        self, host: Caller, order: Json, sandbox: SandboxServer
    ) -> None:
        body: Any = host.posts(PATH, order).json
        sandbox.fault("drop", target="webhook", provider="stripe", times=9)
        sandbox.advance("25 hours")

        answer: Any = host.posts(
            STATUS, {"CompanyId": order["CompanyId"], "SessionId": body["SessionId"]}
        ).json

        assert answer["Status"] == "expired"

    def test_is_told_to_a_key_that_reads(self, host: Caller, order: Json) -> None:
        body: Any = host.posts(PATH, order).json
        question = {"CompanyId": order["CompanyId"], "SessionId": body["SessionId"]}

        assert host.posts(STATUS, question, x_api_key=API_KEYS["read"]).status_code == 200


class TestRefusals:
    @pytest.mark.parametrize(
        ("changed", "problem"),
        [
            ({"CompanyId": None}, ("CompanyId", "NotEmpty")),
            ({"CompanyId": "00000000-0000-0000-0000-000000000000"}, ("CompanyId", "NotEmpty")),
            ({"CompanyId": "globex"}, ("CompanyId", "SerializationException")),
            ({"CompanyId": 7}, ("CompanyId", "SerializationException")),
            ({"CountryCode": ""}, ("CountryCode", "NotEmpty")),
            ({"CountryCode": "String"}, ("CountryCode", "Predicate")),
            ({"CountryCode": "B\ud800"}, ("CountryCode", "SerializationException")),
            ({"CountryCode": "IT"}, ("CountryCode", "ArgumentException")),
            ({"Articles": []}, ("Articles", "NotEmpty")),
            ({"Articles": None}, ("Articles", "NotEmpty")),
            ({"Articles": {}}, ("Articles", "SerializationException")),
            ({"Articles": [1]}, ("Articles", "SerializationException")),
            ({"Articles": "[{"}, ("Articles", "SerializationException")),
            ({"Articles": [{}] * 101}, ("Articles", "Length")),
            ({"InternalReferenceId": " "}, ("InternalReferenceId", "NotEmpty")),
            ({"InternalReferenceId": "x" * 201}, ("InternalReferenceId", "Length")),
            ({"InternalReferenceId": "\ud800"}, ("InternalReferenceId", "SerializationException")),
            ({"ConfirmationUrl": "String"}, ("ConfirmationUrl", "Predicate")),
            ({"ConfirmationUrl": "javascript:alert(1)"}, ("ConfirmationUrl", "Predicate")),
            ({"CancelUrl": "/cancel"}, ("CancelUrl", "Predicate")),
            ({"UiMode": "String"}, ("UiMode", "Predicate")),
            ({"UiMode": "embedded"}, ("CancelUrl", "Predicate")),
        ],
    )
    def test_name_the_field(
        self, host: Caller, order: Json, world: World, changed: Json, problem: tuple[str, str]
    ) -> None:
        answer = host.posts(PATH, order | changed)

        assert failure(answer) == (400, problem[1])
        assert fields(answer) == [problem]
        assert checkouts(world.db) == []

    @pytest.mark.parametrize(
        ("changed", "problem"),
        [
            ({"Quantity": 0}, ("Articles[0].Quantity", "GreaterThan")),
            ({"Quantity": None}, ("Articles[0].Quantity", "NotEmpty")),
            ({"Quantity": 1.5}, ("Articles[0].Quantity", "SerializationException")),
            ({"Quantity": True}, ("Articles[0].Quantity", "SerializationException")),
            ({"Quantity": 2**31}, ("Articles[0].Quantity", "SerializationException")),
            ({"Quantity": "9" * 30}, ("Articles[0].Quantity", "SerializationException")),
            ({"Quantity": 1001}, ("Articles", "ArgumentException")),
            ({"ArticleId": 0}, ("Articles[0].ArticleId", "GreaterThan")),
            ({"ArticleTypeId": -1}, ("Articles[0].ArticleTypeId", "GreaterThan")),
        ],
    )
    def test_name_the_field_of_an_article(
        self, host: Caller, order: Json, changed: Json, problem: tuple[str, str]
    ) -> None:
        answer = host.posts(PATH, order | {"Articles": [article() | changed]})

        assert failure(answer) == (400, problem[1])
        assert fields(answer) == [problem]

    def test_tell_every_problem_and_the_first_one_on_top(self, host: Caller) -> None:
        answer = host.posts(PATH, json.loads(SAMPLE))

        body: Any = answer.json
        assert failure(answer) == (400, "NotEmpty")
        assert body["ResponseStatus"]["Message"] == "'Company Id' must not be empty."
        assert [field for field, _ in fields(answer)] == [
            "CompanyId",
            "CountryCode",
            "Articles[0].ArticleId",
            "Articles[0].ArticleTypeId",
            "Articles[0].Quantity",
            "ConfirmationUrl",
            "CancelUrl",
            "UiMode",
        ]

    def test_of_an_empty_body_name_what_is_missing(self, host: Caller) -> None:
        answer = host.posts(PATH, b"")

        assert [field for field, _ in fields(answer)] == [
            "CompanyId",
            "CountryCode",
            "Articles",
            "InternalReferenceId",
        ]

    def test_come_as_a_table_with_the_status_in_a_cell(self, host: Caller) -> None:
        answer = host.posts(f"{PATH}.csv", {})

        assert (answer.status_code, answer.content_type) == (400, "text/csv")
        assert "Content-Disposition" not in answer.headers
        cell = table(answer)["ResponseStatus"]
        assert cell.startswith(
            "{ErrorCode:NotEmpty,Message:'Company Id' must not be empty.,Errors:[{"
        )

    def test_come_as_xml_in_the_hosts_own_namespace(self, host: Caller) -> None:
        answer = host.posts(f"{PATH}.xml", {})

        root = xml.fromstring(answer.text)
        assert (answer.status_code, answer.content_type) == (400, "application/xml")
        assert root.tag == f"{_ERRORS}ErrorResponse"
        assert root.findtext(f"{_ERRORS}ResponseStatus/{_ERRORS}ErrorCode") == "NotEmpty"

    def test_of_no_key_and_of_an_unknown_one_are_different_sentences(
        self, host: Caller, order: Json
    ) -> None:
        missing = host.posts(PATH, order, x_api_key=None)
        unknown = host.posts(PATH, order, x_api_key=str(uuid4()))

        assert failure(missing) == failure(unknown) == (401, "Unauthorized")
        assert '"Message":"Not Authenticated"' in missing.text
        assert '"Message":"Invalid API Key"' in unknown.text

    def test_of_a_key_that_only_reads(self, host: Caller, order: Json, world: World) -> None:
        assert failure(host.posts(PATH, order, x_api_key=API_KEYS["read"])) == (403, "Forbidden")
        assert checkouts(world.db) == []

    @pytest.mark.parametrize("changed", [{"ArticleId": 2}, {"ArticleTypeId": 2}])
    def test_of_an_unknown_article(self, host: Caller, order: Json, changed: Json) -> None:
        answer = host.posts(PATH, order | {"Articles": [article() | changed]})

        assert failure(answer) == (404, "NotFound")
        assert fields(answer) == [("Articles", "NotFound")]

    def test_of_an_article_that_is_not_sold_any_more(
        self, host: Caller, order: Json, world: World, site: Site
    ) -> None:
        world.price("onboarding", None).product.archived_at = site.clock.now()

        answer = host.posts(PATH, order)

        assert fields(answer) == [("Articles", "ArgumentException")]

    def test_of_an_app_without_stripe(self, host: Caller, order: Json, world: World) -> None:
        world.account("stripe").disconnected_at = world.app.created_at

        assert failure(host.posts(PATH, order)) == (400, "NotSupported")

    def test_of_a_disabled_app(self, host: Caller, order: Json, world: World) -> None:
        world.app.disabled_at = world.app.created_at

        assert failure(host.posts(PATH, order)) == (403, "Forbidden")

    def test_of_other_methods_paths_types_and_sizes(self, host: Caller, order: Json) -> None:
        assert failure(host.gets(PATH)) == (405, "MethodNotAllowed")
        assert failure(host.calls("DELETE", PATH)) == (405, "MethodNotAllowed")
        assert failure(host.posts(f"{PATH}/other", order)) == (404, "NotFound")
        assert failure(host.posts("/payment", order)) == (404, "NotFound")
        assert failure(host.posts(PATH, b"<a/>", Content_Type="application/xml")) == (
            415,
            "UnsupportedMediaType",
        )
        assert failure(host.posts(PATH, b"x" * 300_000)) == (413, "RequestEntityTooLarge")
        assert failure(host.posts(PATH, b"{")) == (400, "SerializationException")

    def test_of_a_provider_that_does_not_answer_say_when_to_come_back(
        self, host: Caller, order: Json, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", match="sessions", times=9)

        answer = host.posts(PATH, order)

        assert failure(answer) == (503, "ServiceUnavailable")
        assert int(answer.headers["Retry-After"]) > 0

    def test_of_too_many_calls_say_when_to_come_back(
        self, host: Caller, order: Json, site: Site, database: Database
    ) -> None:
        few = replace(site, config=site.config.model_copy(update={"API_CALLS_PER_MINUTE": 1}))
        client = create_app(few.config, site=few, database=database).test_client()
        client.post(STATUS, headers=host.sends({}))

        answer = client.post(PATH, json=order, headers=host.sends({}))

        assert failure(answer) == (429, "TooManyRequests")
        assert 0 < int(answer.headers["Retry-After"]) <= 61

    def test_of_a_fault_of_ours_tell_nothing(self, host: Caller, order: Json, world: World) -> None:
        world.account("stripe").sealed_credentials = "nobody can open this"

        answer = host.posts(PATH, order)

        assert failure(answer) == (500, "InternalServerError")
        assert '"Message":"Internal Server Error"' in answer.text


class TestStrangers:
    def test_have_no_company_here(
        self, host: Caller, order: Json, world: World, strangers: Strangers
    ) -> None:
        foreign = host.posts(PATH, order | {"CompanyId": str(strangers.tenant.uuid)})
        unknown = host.posts(PATH, order | {"CompanyId": str(uuid4())})

        assert failure(foreign) == (404, "NotFound")
        assert fields(foreign) == [("CompanyId", "NotFound")]
        assert foreign.json == unknown.json
        assert checkouts(world.db) == []

    def test_cannot_sell_to_ours(
        self, host: Caller, order: Json, world: World, strangers: Strangers
    ) -> None:
        answer = host.posts(PATH, order, x_api_key=strangers.key)

        assert failure(answer) == (404, "NotFound")
        assert checkouts(world.db) == []

    def test_cannot_sell_our_articles(
        self, host: Caller, order: Json, strangers: Strangers, world: World
    ) -> None:
        account = world.account("stripe")
        copied = ProviderAccount(
            app_id=strangers.app.id,
            provider="stripe",
            sealed_credentials=account.sealed_credentials,
        )
        world.db.add(copied)

        answer = host.posts(
            PATH, order | {"CompanyId": str(strangers.tenant.uuid)}, x_api_key=strangers.key
        )

        assert fields(answer) == [("Articles", "NotFound")]

    def test_cannot_ask_about_our_sessions(
        self, host: Caller, order: Json, strangers: Strangers, world: World
    ) -> None:
        body: Any = host.posts(PATH, order).json
        ours = {"CompanyId": order["CompanyId"], "SessionId": body["SessionId"]}
        theirs = ours | {"CompanyId": str(strangers.tenant.uuid)}
        of_another = ours | {"CompanyId": str(world.initech.uuid)}

        for question, key in (
            (ours, strangers.key),
            (theirs, strangers.key),
            (theirs, API_KEYS["write"]),
            (of_another, API_KEYS["write"]),
            (ours | {"SessionId": "cs_test_none"}, API_KEYS["write"]),
        ):
            assert failure(host.posts(STATUS, question, x_api_key=key)) == (404, "NotFound")

    def test_are_nobody_without_a_key(self, host: Caller) -> None:
        assert failure(host.posts(STATUS, {}, x_api_key=None)) == (401, "Unauthorized")


class TestIdempotencyKey:
    def test_answers_the_same_session_once_more(
        self, host: Caller, order: Json, world: World
    ) -> None:
        first = host.posts(PATH, order, Idempotency_Key="booking-4711")
        again = host.posts(f"{PATH}.csv", order, Idempotency_Key="booking-4711")

        assert first.json is not None
        assert table(again)["SessionId"] == first.json["SessionId"]
        assert [row.state for row in checkouts(world.db)] == ["open"]

    def test_is_refused_for_another_order(self, host: Caller, order: Json) -> None:
        host.posts(PATH, order, Idempotency_Key="booking-4711")

        answer = host.posts(PATH, order | {"CountryCode": "FR"}, Idempotency_Key="booking-4711")

        assert failure(answer) == (400, "ArgumentException")
        assert fields(answer) == [("Idempotency-Key", "ArgumentException")]

    def test_from_many_threads_makes_one_session_and_leaves_it_open(
        self, host: Caller, order: Json, world: World
    ) -> None:
        headers = host.sends({"Idempotency-Key": "booking-4711"})

        def post(_: int) -> TestResponse:
            client = host.client.application.test_client()
            return client.post(PATH, json=order, headers=headers)

        answers = together.each(post, range(8))

        made: set[Any] = {answer.text for answer in answers if answer.status_code == 200}
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert len(made) == 1
        assert [row.state for row in checkouts(world.db)] == ["open"]

    def test_of_a_call_the_provider_did_not_answer_finishes_it(
        self, host: Caller, order: Json, world: World, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", match="sessions", times=9)
        assert host.posts(PATH, order, Idempotency_Key="a").status_code == 503

        sandbox.clear_faults()
        answer = host.posts(PATH, order, Idempotency_Key="a")

        assert answer.status_code == 200
        assert [row.state for row in checkouts(world.db)] == ["open"]


def article(quantity: int = 1) -> Json:
    """Answer the demo's only article."""
    return {"ArticleId": 1, "ArticleTypeId": 1, "Quantity": quantity}

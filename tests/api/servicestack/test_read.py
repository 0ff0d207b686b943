"""Requests in every form they may be sent in."""

from __future__ import annotations

import pytest

from app.api.servicestack import read

JSON, CSV, FORM = "application/json", "text/csv", "application/x-www-form-urlencoded"


class TestFields:
    @pytest.mark.parametrize(
        "type", [JSON, "text/json", "application/json; charset=utf-8", "", CSV]
    )
    def test_reads_json_also_where_it_is_called_csv(self, type: str) -> None:
        sent = read.fields(b'\xef\xbb\xbf {"CompanyId":"c","Articles":[]}', content_type=type)

        assert sent == {"companyid": "c", "articles": []}

    @pytest.mark.parametrize("end", ["\r\n", "\n", ""])
    def test_reads_a_table_of_one_row(self, end: str) -> None:
        body = f'CompanyId,Articles,CancelUrl{end or chr(10)}c,"[{{ArticleId:1,Quantity:2}}]",{end}'

        sent = read.fields(body.encode(), content_type=CSV)

        assert sent == {"companyid": "c", "articles": "[{ArticleId:1,Quantity:2}]"}

    def test_lays_the_form_over_the_query_and_the_query_over_the_body(self) -> None:
        sent = read.fields(
            b'{"A":"body","B":"body","C":"body","D":"body"}',
            content_type=JSON,
            query=[("b", "query"), ("c", "query"), ("D", "")],
            form=[("C", "form")],
        )

        assert sent == {"a": "body", "b": "query", "c": "form", "d": "body"}

    def test_takes_no_body_for_an_empty_one(self) -> None:
        assert read.fields(b" ", content_type=JSON) == {}

    def test_leaves_a_forms_body_to_its_own_reader(self) -> None:
        assert read.fields(b"A=1", content_type=FORM, form=[("A", "1")]) == {"a": "1"}

    @pytest.mark.parametrize("type", ["application/xml", "text/plain", "application/jsv"])
    def test_refuses_a_type_it_does_not_read(self, type: str) -> None:
        with pytest.raises(read.UnknownType):
            read.fields(b"x", content_type=type)

    @pytest.mark.parametrize(
        ("body", "type"),
        [
            (b"{", JSON),
            (b"[]", JSON),
            (b"null", JSON),
            (b"[" * 100_000, JSON),
            (b'{"a":NaN}', JSON),
            (b'{"a":"\xff"}', JSON),
            (b"{", CSV),
            (b"CompanyId", CSV),
            (b"CompanyId\r\na\r\nb\r\n", CSV),
            (b"CompanyId,CountryCode\r\na\r\n", CSV),
            (b'CompanyId\r\n"a', CSV),
            (b"\x00\r\na", JSON),
        ],
    )
    def test_refuses_what_is_not_what_it_says(self, body: bytes, type: str) -> None:
        with pytest.raises(read.Unreadable):
            read.fields(body, content_type=type)


class TestNested:
    @pytest.mark.parametrize(
        ("sent", "value"),
        [
            ([1], [1]),
            ('[{"ArticleId":1}]', [{"ArticleId": 1}]),
            ("[{ArticleId:1}]", [{"ArticleId": "1"}]),
        ],
    )
    def test_reads_json_and_jsv_inside_a_text(self, sent: object, value: object) -> None:
        assert read.nested(sent) == value

    def test_refuses_what_is_neither(self) -> None:
        with pytest.raises(read.Unreadable):
            read.nested("[{ArticleId")

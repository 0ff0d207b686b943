"""Answers in every format."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree as xml

from hypothesis import given
from hypothesis import strategies as st

from app.api.servicestack import write
from app.api.servicestack.write import Answer

SESSION = Answer(
    "Session", "urn:sessions", {"SessionId": "cs_1", "Url": "https://x/?a&b", "Note": None}
)


def of(text: str) -> Answer:
    return Answer("Session", "urn:sessions", {"Note": text})


class TestBody:
    def test_leaves_nulls_out_of_json_and_keeps_the_order(self) -> None:
        assert write.body(SESSION, "json") == '{"SessionId":"cs_1","Url":"https://x/?a&b"}'

    def test_writes_xml_by_name_with_nulls(self) -> None:
        assert write.body(SESSION, "xml") == (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<Session xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="urn:sessions">'
            '<Note i:nil="true" /><SessionId>cs_1</SessionId><Url>https://x/?a&amp;b</Url></Session>'
        )

    def test_writes_csv_as_a_header_and_a_row_with_empty_cells(self) -> None:
        assert write.body(SESSION, "csv") == "SessionId,Url,Note\r\ncs_1,https://x/?a&b,\r\n"

    def test_writes_nested_values_as_jsv_in_a_cell(self) -> None:
        answer = Answer("E", "urn:e", {"Status": {"Code": "NotEmpty", "Errors": [], "Meta": None}})

        assert write.body(answer, "csv") == 'Status\r\n"{Code:NotEmpty,Errors:[]}"\r\n'

    @given(st.text(st.characters(codec="utf-8")))
    def test_writes_any_text_so_that_it_is_read_as_the_same(self, text: str) -> None:
        assert json.loads(write.body(of(text), "json"))["Note"] == text

    @given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
    def test_writes_any_text_into_one_cell(self, text: str) -> None:
        table = list(csv.reader(io.StringIO(write.body(of(text), "csv"), newline="")))

        assert table == [["Note"], [text] if text else []]

    @given(st.text(st.characters(codec="utf-8")))
    def test_writes_xml_that_can_be_read_whatever_the_text(self, text: str) -> None:
        root = xml.fromstring(write.body(of(text), "xml"))

        assert root.tag == "{urn:sessions}Session"

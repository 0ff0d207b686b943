"""Which format is answered, as a ServiceStack host decides it."""

from __future__ import annotations

import pytest

from app.api.servicestack import negotiate

CSV, JSON, XML = "text/csv", "application/json", "application/xml"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class TestChoose:
    def test_answers_json_where_nothing_is_said(self) -> None:
        assert negotiate.choose(query={}) == "json"

    def test_takes_the_suffix_before_all_else(self) -> None:
        query = {"callback": "go", "format": "xml"}

        assert negotiate.choose(suffix="csv", query=query, accept=JSON) == "csv"

    def test_takes_a_callback_before_a_format(self) -> None:
        assert negotiate.choose(query={"callback": "go", "format": "csv"}) == "json"

    def test_takes_an_empty_callback_for_none(self) -> None:
        assert negotiate.choose(query={"callback": "", "format": "csv"}) == "csv"

    @pytest.mark.parametrize("asked", ["csv", "CSV", "csv.txt"])
    def test_takes_a_format_before_accept(self, asked: str) -> None:
        assert negotiate.choose(query={"format": asked}, accept=XML) == "csv"

    @pytest.mark.parametrize("asked", ["yaml", "", "jsv"])
    def test_ignores_a_format_it_does_not_have(self, asked: str) -> None:
        assert negotiate.choose(query={"format": asked}, accept=XML) == "xml"

    @pytest.mark.parametrize(
        ("accept", "sent", "format"),
        [
            (CSV, "", "csv"),
            ("text/csv; charset=utf-8", "", "csv"),
            (XML, "", "xml"),
            ("text/xml", "", "xml"),
            ("text/json", "", "json"),
            # q counts for nothing: the host's own order decides.
            (f"{XML};q=1, {JSON};q=0.1", "", "json"),
            # Of several it was asked for, the one that was sent.
            (f"{JSON}, {XML}", XML, "xml"),
            # A format that was added comes after the built-in ones, and after */*.
            (f"{CSV}, {XML}", CSV, "xml"),
            (f"{CSV}, */*", "", "json"),
            (f"{CSV}, */*", XML, "xml"),
            ("*/*", CSV, "csv"),
            ("*/*", "text/csv; charset=utf-8", "csv"),
            ("*/*", "application/x-www-form-urlencoded", "json"),
            ("*/*", "text/plain", "json"),
            ("*/*", "", "json"),
            ("", CSV, "json"),
            ("text/html", "", "json"),
            ("application/jsv", "", "json"),
            ("image/png, nonsense,,", "", "json"),
            (BROWSER, "", "xml"),
        ],
    )
    def test_reads_accept(self, accept: str, sent: str, format: str) -> None:
        assert negotiate.choose(query={}, accept=accept, content_type=sent) == format

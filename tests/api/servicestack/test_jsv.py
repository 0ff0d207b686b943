"""JSV, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.servicestack import jsv

WORDS = st.text(st.characters(codec="utf-8")).filter(lambda word: word == word.strip())
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


class TestLoad:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (
                "[{ArticleId:1,ArticleTypeId:1,Quantity:2}]",
                [{"ArticleId": "1", "ArticleTypeId": "1", "Quantity": "2"}],
            ),
            (
                " [ { ArticleId : 1 } , { ArticleId : 2 } ] ",
                [{"ArticleId": "1"}, {"ArticleId": "2"}],
            ),
            ('{Name:"a, b: {c}",Quote:"say ""yes"""}', {"Name": "a, b: {c}", "Quote": 'say "yes"'}),
            ("{Url:https://x.example/a}", {"Url": "https://x.example/a"}),
            ("[]", []),
            ("{}", {}),
            ("", ""),
            ("plain", "plain"),
        ],
    )
    def test_reads(self, text: str, value: object) -> None:
        assert jsv.load(text) == value

    @pytest.mark.parametrize("text", ["[", "{", "{a}", "[a", "[a b]x", "{a:1", "]", "[" * 5000])
    def test_refuses_what_is_none(self, text: str) -> None:
        with pytest.raises(ValueError, match="expected|unexpected|nested"):
            jsv.load(text)


class TestDump:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (
                {"SessionId": "cs_1", "Url": "https://x", "Status": None},
                '{SessionId:cs_1,Url:"https://x"}',
            ),
            (["a", "b,c"], '[a,"b,c"]'),
            ("", '""'),
            ('say "yes"', '"say ""yes"""'),
            ({"Errors": []}, "{Errors:[]}"),
            (1, "1"),
        ],
    )
    def test_writes(self, value: object, text: str) -> None:
        assert jsv.dump(value) == text

    @given(st.lists(VALUES, max_size=3))
    def test_writes_what_is_read_as_the_same(self, value: list[object]) -> None:
        assert jsv.load(jsv.dump(value)) == value

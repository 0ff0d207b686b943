"""VAT numbers: which can be one of the buyer's country."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import get_cc_module
from stdnum.exceptions import InvalidChecksum

from app.billing.tax import countries, vat_numbers

# Numbers with the right form and check digits, one of each member state.
WELL_FORMED = (
    "ATU13585627 BE0428759497 BG175074752 CY10259033P CZ25123891 DE136695976 DK13585628"
    " EE100931558 EL094259216 ESB58378431 FI20774740 FR40303265045 HR33392005961 HU12892312"
    " IE6433435F IT00743110157 LT119511515 LU15027442 LV40003521600 MT11679112 NL820646660B01"
    " PL8567346215 PT501964843 RO18547290 SE123456789701 SI50223054 SK2022749619"
)


class TestCheck:
    @pytest.mark.parametrize("number", WELL_FORMED.split())
    def test_takes_a_well_formed_number_with_and_without_its_prefix(self, number: str) -> None:
        country = {"EL": "GR"}.get(number[:2], number[:2])

        for typed in (number, number[2:]):
            answer = vat_numbers.check(typed, country)
            assert answer == vat_numbers.VatAnswer(number, "unknown")

    def test_has_seen_every_member_state(self) -> None:
        seen = {number[:2] for number in WELL_FORMED.split()}

        assert seen == {countries.vat_prefix(code) for code in countries.EU}

    @pytest.mark.parametrize(
        "typed",
        [
            "NL820646660B01",
            "nl 8206.466.60-B01",
            "820646660B01",
            "NL820646660/B01",
            " NL820646660B01\n",
        ],
    )
    def test_reads_a_number_however_it_is_written(self, typed: str) -> None:
        answer = vat_numbers.check(typed, "NL")

        assert answer == vat_numbers.VatAnswer("NL820646660B01", "unknown")

    @pytest.mark.parametrize("typed", ["EL094259216", "GR094259216", "094259216"])
    def test_writes_a_greek_number_with_el(self, typed: str) -> None:
        assert vat_numbers.check(typed, "GR") == vat_numbers.VatAnswer("EL094259216", "unknown")

    def test_takes_a_french_number_for_monaco(self) -> None:
        assert vat_numbers.check("FR53000004605", "MC").status == "unknown"

    @pytest.mark.parametrize(
        ("typed", "country"),
        [
            ("NL123456789B01", "NL"),
            ("DE136695976", "NL"),
            ("NL820646660B01", "DE"),
            ("", "DE"),
            ("12", "DE"),
            ("9" * 5000, "DE"),
            ("DE13669597６", "DE"),
            ("DE'; --", "DE"),
            ("GB123456789", "GB"),
        ],
    )
    def test_calls_what_cannot_be_a_number_invalid(self, typed: str, country: str) -> None:
        answer = vat_numbers.check(typed, country)

        assert answer.status == "invalid"
        assert len(answer.number) <= 24

    def test_does_not_know_numbers_of_a_country_without_rules(self) -> None:
        assert vat_numbers.check("12-3456789", "US").status == "unknown"

    @given(typed=st.text(max_size=40), country=st.sampled_from(countries.CODES))
    def test_answers_any_input_and_keeps_its_answer(self, typed: str, country: str) -> None:
        answer = vat_numbers.check(typed, country)

        assert answer.status in ("unknown", "invalid")
        if answer.status == "unknown":
            assert vat_numbers.check(answer.number, country) == answer

    @given(
        digits=st.from_regex(r"[0-9]{8,12}", fullmatch=True),
        country=st.sampled_from(sorted(countries.EU)),
    )
    def test_gives_every_eu_number_its_prefix_once(self, digits: str, country: str) -> None:
        answer = vat_numbers.check(digits, country)

        prefix = countries.vat_prefix(country)
        if answer.status == "unknown":
            assert answer.number.startswith(prefix)
            assert vat_numbers.check(answer.number, country) == answer


class TestExample:
    @pytest.mark.parametrize("country", sorted({*countries.EU, "GB"}))
    def test_is_written_like_a_number_of_the_country(self, country: str) -> None:
        example = vat_numbers.example(country)

        assert example is not None
        assert example.startswith(countries.vat_prefix(country))
        known = get_cc_module(country, "vat")
        assert known is not None
        with suppress(InvalidChecksum):
            known.validate(example)

    def test_is_missing_where_we_cannot_say(self) -> None:
        assert vat_numbers.example("US") is None

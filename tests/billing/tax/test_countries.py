"""The countries a payer can choose."""

from __future__ import annotations

import pytest
from babel import Locale

from app.billing.tax import countries

# In CLDR, and so in Babel, but not ISO 3166-1: reserved codes, groups, and codes for testing.
RESERVED = "AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ"


class TestCodes:
    def test_are_the_249_of_iso_3166(self) -> None:
        in_babel = {str(code) for code in Locale("en").territories if len(str(code)) == 2}

        assert len(countries.CODES) == 249
        assert set(countries.CODES) == in_babel - set(RESERVED.split())


class TestIsInEu:
    def test_counts_27_member_states_and_monaco(self) -> None:
        assert len(countries.EU) == 27
        assert {code for code in countries.CODES if countries.is_in_eu(code)} == {
            *countries.EU,
            "MC",
        }

    @pytest.mark.parametrize("code", ["GB", "CH", "NO", "AX", "GP", "IM", "US"])
    def test_leaves_out_what_is_not_in_its_vat_territory(self, code: str) -> None:
        assert not countries.is_in_eu(code)


class TestCurrencies:
    @pytest.mark.parametrize(
        ("code", "currency"), [("DE", "EUR"), ("BG", "EUR"), ("US", "USD"), ("GB", "GBP")]
    )
    def test_begin_with_the_main_one(self, code: str, currency: str) -> None:
        assert countries.currencies(code)[0] == currency

    @pytest.mark.parametrize("code", [None, "", "XX", "de"])
    def test_are_none_for_what_is_no_country(self, code: str | None) -> None:
        assert countries.currencies(code) == ()


class TestChoices:
    def test_name_every_country_in_the_readers_language(self) -> None:
        german = dict(countries.choices("de"))

        assert german["DE"] == "Deutschland"
        assert set(german) == set(countries.CODES)

    def test_are_sorted_as_a_person_looks_for_them(self) -> None:
        names = [name for _, name in countries.choices("en")]

        assert names.index("Åland Islands") < names.index("Albania")

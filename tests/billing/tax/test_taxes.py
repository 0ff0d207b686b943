"""Which tax a purchase bears, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing.errors import Invalid
from app.billing.tax import countries, taxes
from app.billing.tax.vat_numbers import VatAnswer
from app.billing.text import Country, Percentage
from app.models import TaxRate

DE = TaxRate(name="VAT", country="DE", percentage=Decimal("19.0000"), is_reverse_charge=False)
FR = TaxRate(name="VAT", country="FR", percentage=Decimal("20"), is_reverse_charge=False)
NL = TaxRate(name="VAT", country="NL", percentage=Decimal("21"), is_reverse_charge=False)
CH = TaxRate(name="VAT", country="CH", percentage=Decimal("8.1"), is_reverse_charge=False)
US = TaxRate(name="Sales tax", country="US", percentage=Decimal("0"), is_reverse_charge=False)
REVERSE = TaxRate(name="VAT", country=None, percentage=Decimal("0"), is_reverse_charge=True)
RATES = (DE, FR, NL, REVERSE)

VALID = VatAnswer("NL820646660B01", "valid")
UNKNOWN = VatAnswer("NL820646660B01", "unknown")
INVALID = VatAnswer("NL1", "invalid")


def decide(
    buyer: str,
    vat: VatAnswer | None = None,
    *,
    seller: str = "DE",
    rates: Sequence[TaxRate] = RATES,
    policy: str = "accept",
) -> taxes.TaxDecision:
    return taxes.decide(
        app_name="Acme Notes",
        seller_country=seller,
        buyer_country=buyer,
        vat=vat,
        rates=rates,
        unknown_policy=policy,
    )


class TestDecideForASellerInTheEu:
    @pytest.mark.parametrize("vat", [None, VALID, UNKNOWN, INVALID])
    def test_charges_the_own_rate_at_home_whoever_buys(self, vat: VatAnswer | None) -> None:
        decision = decide("DE", vat)

        assert (decision.rule, decision.rate, decision.percentage) == ("domestic", DE, Decimal(19))
        assert str(decision.title) == "VAT 19 %"
        assert str(decision.sentence) == "The seller is in DE too, so its VAT of 19 % is charged."

    def test_charges_a_private_person_the_rate_of_their_country(self) -> None:
        decision = decide("NL")

        assert (decision.rule, decision.rate) == ("destination", NL)
        assert "Without a VAT number you count as a private person" in str(decision.sentence)

    def test_lets_a_company_with_a_valid_number_account_for_the_vat(self) -> None:
        decision = decide("NL", VALID)

        assert (decision.rule, decision.rate, decision.percentage) == (
            "reverse_charge",
            REVERSE,
            Decimal(0),
        )
        assert str(decision.title) == "Reverse charge"
        assert str(decision.sentence) == (
            "Your VAT number is valid and you are in another EU country than the seller, so no VAT"
            " is charged. You account for it yourself."
        )

    def test_accepts_an_unconfirmed_number_where_the_policy_says_so(self) -> None:
        decision = decide("NL", UNKNOWN)

        assert decision.rule == "reverse_charge"
        assert "looks right" in str(decision.sentence)
        assert "not been able to confirm the number yet" in str(decision.sentence)

    def test_charges_on_an_unconfirmed_number_where_the_policy_says_so(self) -> None:
        decision = decide("NL", UNKNOWN, policy="charge")

        assert (decision.rule, decision.percentage) == ("destination", Decimal(21))
        assert "not been able to confirm the VAT number yet" in str(decision.sentence)

    def test_treats_an_invalid_number_as_none_and_says_so(self) -> None:
        decision = decide("NL", INVALID)

        assert (decision.rule, decision.percentage) == ("destination", Decimal(21))
        assert "cannot be a VAT number of NL" in str(decision.sentence)

    def test_does_not_sell_where_tax_is_due_and_no_rate_is_known(self) -> None:
        decision = decide("PL")

        assert not decision.is_sold
        assert decision.rate is None
        assert str(decision.sentence).startswith(
            "Acme Notes is not sold to private persons in PL yet"
        )

    def test_sells_to_a_company_without_knowing_its_rate(self) -> None:
        decision = decide("PL", VatAnswer("PL5260001246", "unknown"))

        assert decision.is_sold
        assert decision.rule == "reverse_charge"

    def test_does_not_sell_at_home_without_a_rate(self) -> None:
        decision = decide("DE", rates=(NL,))

        assert not decision.is_sold
        assert decision.rule == "domestic"

    @pytest.mark.parametrize("buyer", ["US", "GB", "CH", "AX"])
    def test_charges_nothing_outside_the_eu(self, buyer: str) -> None:
        decision = decide(buyer)

        assert (decision.rule, decision.rate, decision.percentage) == ("export", None, Decimal(0))
        assert decision.is_sold

    def test_charges_outside_the_eu_where_the_seller_is_registered(self) -> None:
        decision = decide("CH", rates=(*RATES, CH))

        assert (decision.rule, decision.percentage) == ("destination", Decimal("8.1"))
        assert str(decision.title) == "VAT 8.1 %"

    def test_taxes_monaco_as_france(self) -> None:
        assert decide("MC").rate is FR
        assert decide("MC", seller="FR").rule == "domestic"

    def test_names_a_rate_of_nothing_exempt(self) -> None:
        decision = decide("US", rates=(US,))

        assert (decision.rule, decision.rate) == ("exempt", US)
        assert str(decision.title) == "No tax"


class TestDecideForASellerElsewhere:
    def test_charges_the_own_rate_at_home(self) -> None:
        decision = decide("CH", seller="CH", rates=(CH,))

        assert (decision.rule, decision.rate) == ("domestic", CH)

    def test_does_not_sell_at_home_without_a_rate(self) -> None:
        assert not decide("US", seller="US").is_sold

    def test_lets_a_company_in_the_eu_account_for_the_vat(self) -> None:
        decision = decide("NL", UNKNOWN, seller="US")

        assert decision.rule == "reverse_charge"
        assert "another country than the seller" in str(decision.sentence)

    def test_charges_private_persons_in_the_eu_the_rate_of_their_country(self) -> None:
        assert decide("NL", seller="US").rate is NL
        assert not decide("PL", seller="US").is_sold

    def test_charges_nothing_in_third_countries(self) -> None:
        decision = decide("CH", seller="US")

        assert decision.rule == "export"
        assert "the seller is not in CH" in str(decision.sentence)


class TestDecide:
    @pytest.mark.parametrize("buyer", ["", "XX", "de", "EU", "DEU"])
    def test_refuses_what_is_no_country(self, buyer: str) -> None:
        with pytest.raises(Invalid) as refusal:
            decide(buyer)

        assert refusal.value.field == "country"

    @given(
        seller=st.sampled_from(countries.CODES),
        buyer=st.sampled_from(countries.CODES),
        vat=st.sampled_from([None, VALID, UNKNOWN, INVALID]),
        policy=st.sampled_from(["accept", "charge"]),
    )
    def test_decides_every_pair_of_countries_soundly(
        self, seller: str, buyer: str, vat: VatAnswer | None, policy: str
    ) -> None:
        decision = decide(buyer, vat, seller=seller, policy=policy)

        assert str(decision.sentence)
        assert str(decision.title)
        if decision.percentage:
            assert decision.rate is not None
            assert decision.percentage == decision.rate.percentage
        if decision.rule == "reverse_charge":
            assert countries.is_in_eu(buyer)
            assert vat in (VALID, UNKNOWN)
        if not decision.is_sold:
            assert decision.rate is None

    def test_marks_countries_and_percentages_for_the_readers_language(self) -> None:
        values = decide("NL").sentence.values

        assert isinstance(values["country"], Country)
        assert isinstance(values["percentage"], Percentage)


class TestPlain:
    @pytest.mark.parametrize(
        ("percentage", "text"), [("19.0000", "19"), ("7.70", "7.7"), ("0", "0"), ("100", "100")]
    )
    def test_leaves_out_needless_zeros(self, percentage: str, text: str) -> None:
        assert taxes.plain(Decimal(percentage)) == text

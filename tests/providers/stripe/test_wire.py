"""Our words in Stripe's and back: every currency, every language, every state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import EXPONENTS, Money
from app.providers import errors
from app.providers.stripe import wire
from tests import contracts

SESSION = contracts.load("stripe")["paths"]["/v1/checkout/sessions"]["post"]["requestBody"][
    "content"
]["application/x-www-form-urlencoded"]["schema"]["properties"]


class TestAmount:
    @given(st.integers(min_value=-(10**11), max_value=10**11), st.sampled_from(sorted(EXPONENTS)))
    def test_comes_back_as_it_went_or_is_refused(self, minor: int, currency: str) -> None:
        money = Money(minor, currency)
        try:
            sent = wire.amount(money)
        except errors.Refused:
            assert currency in ("MGA", "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
            assert minor % 10
            return

        assert wire.money(sent, currency.lower()) == money

    @given(st.integers(min_value=0, max_value=10**8), st.sampled_from(sorted(EXPONENTS)))
    def test_of_whole_units_is_never_refused(self, units: int, currency: str) -> None:
        money = Money(units * 10 ** EXPONENTS[currency], currency)

        assert wire.money(wire.amount(money), currency) == money

    @pytest.mark.parametrize(
        ("minor", "currency", "sent"),
        [
            (1234, "EUR", 1234),
            (500, "JPY", 500),
            (5, "UGX", 500),
            (5, "ISK", 500),
            (500, "MGA", 5),
            (5120, "KWD", 5120),
            (1045, "HUF", 1045),
            (-250, "USD", -250),
        ],
    )
    def test_is_what_stripes_currency_page_says(self, minor: int, currency: str, sent: int) -> None:
        assert wire.amount(Money(minor, currency)) == sent

    @pytest.mark.parametrize(("minor", "currency"), [(5124, "KWD"), (501, "MGA"), (150, "MGA")])
    def test_finer_than_stripe_charges_is_refused_not_rounded(
        self, minor: int, currency: str
    ) -> None:
        with pytest.raises(errors.Refused, match=currency):
            wire.amount(Money(minor, currency))

    @pytest.mark.parametrize(("value", "currency"), [(550, "isk"), (100, "xxx")])
    def test_read_that_we_cannot_hold_is_refused(self, value: int, currency: str) -> None:
        with pytest.raises(errors.Refused, match=currency.upper()):
            wire.money(value, currency)

    def test_is_offered_in_currencies_we_know(self) -> None:
        assert set(EXPONENTS) > wire.CURRENCIES > wire.KLARNA_CURRENCIES


class TestLocale:
    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ("de", "de"),
            ("de_AT", "de"),
            ("en", "en"),
            ("en_GB", "en-GB"),
            ("en-US", "en"),
            ("nl_BE", "nl"),
            ("fr_CA", "fr-CA"),
            ("pt_BR", "pt-BR"),
            ("es_MX", "es-419"),
            ("es_ES", "es"),
            ("zh_Hant_TW", "zh-TW"),
            ("zh_Hans_CN", "zh"),
            ("hi", "hi-IN"),
            ("no", "nb"),
            ("cy", "auto"),
            ("", "auto"),
            (None, "auto"),
        ],
    )
    def test_is_stripes_nearest(self, ours: str | None, theirs: str) -> None:
        assert wire.locale(ours) == theirs

    @given(st.text(max_size=12) | st.from_regex(r"[a-z]{2,3}(_[A-Z]{2})?", fullmatch=True))
    def test_is_always_one_stripe_takes(self, ours: str) -> None:
        assert wire.locale(ours) in SESSION["locale"]["enum"]


class TestMethod:
    @pytest.mark.parametrize(
        ("ours", "theirs"), [("card", "card"), ("sepa", "sepa_debit"), ("klarna", "klarna")]
    )
    def test_has_stripes_name_and_gets_ours_back(self, ours: str, theirs: str) -> None:
        assert wire.method(ours, "payment") == theirs
        assert wire.slug(theirs) == ours

    def test_sofort_is_klarna_for_a_one_time_payment(self) -> None:
        assert wire.method("sofort", "payment") == "klarna"

    @pytest.mark.parametrize("mode", ["subscription", "setup"])
    def test_sofort_is_refused_elsewhere(self, mode: str) -> None:
        with pytest.raises(errors.Unsupported, match="SOFORT"):
            wire.method("sofort", mode)  # type: ignore[arg-type]


class TestStatus:
    @pytest.mark.parametrize(
        ("schema", "read"),
        [
            ("subscription", wire.subscription_status),
            ("invoice", wire.invoice_status),
        ],
    )
    def test_is_known_for_each_word_of_the_contract(self, schema: str, read: object) -> None:
        words = contracts.load("stripe")["components"]["schemas"][schema]["properties"]["status"]

        for word in words["enum"]:
            assert callable(read) and read(word)

    def test_is_known_for_each_word_of_a_payment(self) -> None:
        schema = contracts.load("stripe")["components"]["schemas"]["payment_intent"]

        for word in schema["properties"]["status"]["enum"]:
            assert wire.payment_status({"status": word, "last_payment_error": None})

    def test_of_a_payment_that_was_refused_is_failed(self) -> None:
        intent = {"status": "requires_payment_method", "last_payment_error": {"code": "x"}}

        assert wire.payment_status(intent) == "failed"

    def test_of_a_payment_nobody_has_tried_is_open(self) -> None:
        intent = {"status": "requires_payment_method", "last_payment_error": None}

        assert wire.payment_status(intent) == "open"

    def test_with_a_word_we_do_not_know_is_refused(self) -> None:
        with pytest.raises(errors.Refused, match="'astonished' is no refund status"):
            wire.refund_status("astonished")


class TestDecline:
    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            ({"code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds"),
            ({"code": "card_declined", "decline_code": "stolen_card"}, "fraud"),
            ({"code": "expired_card"}, "expired_card"),
            ({"code": "incorrect_cvc"}, "incorrect_data"),
            ({"code": "payment_intent_authentication_failure"}, "authentication"),
            ({"code": "card_declined", "decline_code": "generic_decline"}, "declined"),
            ({}, "declined"),
        ],
    )
    def test_is_read_from_the_most_exact_word(self, error: dict[str, str], reason: str) -> None:
        assert wire.decline(error) == reason

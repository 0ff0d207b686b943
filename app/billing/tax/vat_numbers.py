"""Whether a VAT number can be one of the buyer's country."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from app.billing.tax import countries

Status = Literal["valid", "invalid", "unknown"]
_IGNORED = re.compile(r"[\s.\-/]+")
_LONGEST = 24
# What a number looks like, with digits nobody has, after the Commission's VIES questions and
# answers ("What is the format of a VAT identification number?").
_EXAMPLES = {
    "AT": "ATU12345678",
    "BE": "BE0123456789",
    "BG": "BG123456789",
    "CY": "CY01234567X",
    "CZ": "CZ12345678",
    "DE": "DE123456789",
    "DK": "DK12345678",
    "EE": "EE123456789",
    "EL": "EL123456789",
    "ES": "ESB12345678",
    "FI": "FI12345678",
    "FR": "FR12345678901",
    "HR": "HR12345678901",
    "HU": "HU12345678",
    "IE": "IE1234567FA",
    "IT": "IT12345670019",
    "LT": "LT123456719",
    "LU": "LU12345678",
    "LV": "LV40123456789",
    "MT": "MT12345678",
    "NL": "NL123456789B01",
    "PL": "PL1234567890",
    "PT": "PT123456789",
    "RO": "RO12345678",
    "SE": "SE123456789001",
    "SI": "SI12345678",
    "SK": "SK1234567890",
    "GB": "GB123456789",
}


@dataclass(frozen=True, slots=True)
class VatAnswer:
    """A number without blanks, and what is known of it.

    `unknown` means that nothing speaks against it and no authority has been asked.
    """

    number: str
    status: Status


def check(number: str, country: str) -> VatAnswer:
    """Answer whether a number is well formed for a country (ISO 3166-1 alpha-2).

    Blanks, dots and hyphens are ignored; the prefix may be left out, but must fit where it stands.
    """
    typed = _IGNORED.sub("", number).upper()
    if not (typed.isascii() and typed.isalnum()) or len(typed) > _LONGEST:
        return VatAnswer(typed[:_LONGEST], "invalid")
    if countries.is_in_eu(country):
        return _in_the_eu(typed, country)
    known = get_cc_module(countries.taxed_as(country), "vat")
    if known is None or _bare(known, typed) is not None:
        return VatAnswer(typed, "unknown")
    return VatAnswer(typed, "invalid")


def example(country: str) -> str | None:
    """Answer what a number of the country looks like; None where we cannot say."""
    return _EXAMPLES.get(countries.vat_prefix(country))


def _in_the_eu(typed: str, country: str) -> VatAnswer:
    prefix, area = countries.vat_prefix(country), countries.taxed_as(country)
    known = get_cc_module(area, "vat")
    assert known is not None, f"python-stdnum knows every EU country, but not {area}"
    for written in (prefix, area, ""):
        if typed.startswith(written):
            bare = _bare(known, typed.removeprefix(written))
            if bare is not None:
                return VatAnswer(prefix + bare, "unknown")
    return VatAnswer(typed, "invalid")


class _Rules(Protocol):
    def validate(self, number: str) -> str: ...


def _bare(known: _Rules, number: str) -> str | None:
    try:
        return known.validate(number)
    except ValidationError:
        return None

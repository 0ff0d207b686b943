"""The countries a payer can choose, and which of them share the VAT of the European Union."""

from __future__ import annotations

import unicodedata
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

# ISO 3166-1 alpha-2, all 249 officially assigned codes.
_ASSIGNED = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)
CODES = tuple(_ASSIGNED.split())
# Member states, as in Council Directive 2006/112/EC, article 5. Parts of them with a code of their
# own (Åland, Guadeloupe, Réunion and the like) are outside its territory by article 6.
_MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU = frozenset(_MEMBERS.split())
# Monaco counts as France (the same directive, article 7), the Isle of Man as the United Kingdom
# (Value Added Tax Act 1994 and Isle of Man Act 1979).
_TAXED_AS = {"MC": "FR", "IM": "GB"}
# Greek VAT numbers begin with the language's code (the same directive, article 215).
_VAT_PREFIXES = {"GR": "EL"}
# Babel's data is older than the euro of Bulgaria (1 January 2026).
_CURRENCIES = {"BG": ("EUR",)}

# Codes of countries that are no more, which Babel counts to those that came after them.
_WITHDRAWN = frozenset(["BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"])


def taxed_as(code: str) -> str:
    """Answer the country whose VAT applies in this one: nearly always itself."""
    return _TAXED_AS.get(code, code)


def is_in_eu(code: str) -> bool:
    """Answer whether the country belongs to the VAT territory of the European Union."""
    return taxed_as(code) in EU


def vat_prefix(code: str) -> str:
    """Answer the two letters a VAT number of this country begins with."""
    area = taxed_as(code)
    return _VAT_PREFIXES.get(area, area)


def currencies(code: str | None) -> tuple[str, ...]:
    """Answer what one pays with in a country, the main currency first."""
    if code not in CODES:
        return ()
    return _CURRENCIES.get(code) or tuple(get_territory_currencies(code))


@cache
def choices(locale: str) -> tuple[tuple[str, str], ...]:
    """Answer (code, name) of every country, by name in the reader's language."""
    names = Locale.parse(locale).territories
    return tuple(sorted(((code, names[code]) for code in CODES), key=lambda pair: _plain(pair[1])))


def name(code: str, locale: str) -> str:
    """Answer what a country is called in a language."""
    return str(Locale.parse(locale).territories[code])


def alpha3(code: str) -> str:
    """Answer the ISO 3166-1 alpha-3 code of a country."""
    return _alpha3()[code]


@cache
def _alpha3() -> dict[str, str]:
    return {
        now[0]: alias
        for alias, now in get_global("territory_aliases").items()
        if len(alias) == 3 and alias.isalpha() and alias not in _WITHDRAWN and len(now) == 1
    }


def _plain(name: str) -> str:
    # Åland and Österreich stand where A and O do.
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()

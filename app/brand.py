"""An app's brand colour as a layer of tokens, moved as far as legibility asks and no further."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Without an app (the sign-in page) the portal has a colour of its own.
PLAIN = "5254d4"

# WCAG 2.2, success criteria 1.4.3 (text) and 1.4.11 (what is not text).
_TEXT = 4.5
_SHAPE = 3.0

# The surfaces of static/css/tokens.css: buttons stand on cards, brand-coloured text on tints too.
_LIGHT = ("#ffffff", "#eceffd")
_DARK = ("#181c27", "#262b45")
_WHITE, _INK = "#ffffff", "#000000"
_STEPS = 50

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A brand colour where it is used: `fill` of buttons, `on_fill` written on it, `text` for links
    and marks."""

    fill: str
    on_fill: str
    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """A brand colour in one place of a page: `colour` stands against `other`; `wanted` is the
    least contrast there, `is_moved` that the colour alone would have had less."""

    page: str
    place: str
    colour: str
    other: str
    contrast: float
    wanted: float
    is_moved: bool


def is_colour(text: str) -> bool:
    """Answer whether a text is six hexadecimal digits."""
    return re.fullmatch(r"[0-9a-f]{6}", text) is not None


def digits(colour: str | None) -> str:
    """Answer the six digits of an app's colour, such as `#5254d4`; the portal's own without one."""
    found = (colour or PLAIN).removeprefix("#").lower()
    return found if is_colour(found) else PLAIN


@lru_cache(256)
def stylesheet(colour: str) -> str:
    """Answer the CSS that sets a brand colour, for light and dark pages.

    `--brand` fills buttons, `--on-brand` is written on it, `--brand-text` is for links and marks.
    """
    light, dark = (_properties(tokens) for tokens in themes(colour))
    return (
        f"@layer brand{{:root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}}}\n"
    )


@lru_cache(256)
def themes(colour: str) -> tuple[Tokens, Tokens]:
    """Answer a brand colour, of six digits, on light and on dark."""
    brand = f"#{colour}"
    return _tokens(brand, *_LIGHT, _INK), _tokens(brand, *_DARK, _WHITE)


def uses(colour: str) -> list[Use]:
    """Answer where a brand colour, of six digits, is used, and with which contrast."""
    return [
        use
        for page, tokens, (card, tint) in zip(
            ("light", "dark"), themes(colour), (_LIGHT, _DARK), strict=True
        )
        for use in (
            _use(colour, page, "button", tokens.fill, card, _SHAPE),
            _use(colour, page, "on_button", tokens.on_fill, tokens.fill, _TEXT),
            _use(colour, page, "link", tokens.text, tint, _TEXT),
        )
    ]


def contrast(one: str, other: str) -> float:
    """Answer the contrast ratio of two colours (WCAG 2.2, "contrast ratio")."""
    first, second = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def _use(brand: str, page: str, place: str, colour: str, other: str, wanted: float) -> Use:
    is_moved = place != "on_button" and colour != f"#{brand}"
    return Use(page, place, colour, other, contrast(colour, other), wanted, is_moved)


def _properties(tokens: Tokens) -> str:
    return f"--brand:{tokens.fill};--on-brand:{tokens.on_fill};--brand-text:{tokens.text}"


def _tokens(brand: str, card: str, tint: str, towards: str) -> Tokens:
    fill = _moved(brand, card, towards, _SHAPE)
    on_fill = max((_WHITE, _INK), key=lambda text: contrast(fill, text))
    return Tokens(fill, on_fill, _moved(brand, tint, towards, _TEXT))


def _moved(colour: str, surface: str, towards: str, wanted: float) -> str:
    for step in range(_STEPS + 1):
        mixed = _mix(colour, towards, step / _STEPS)
        if contrast(mixed, surface) >= wanted:
            return mixed
    return towards


def _mix(one: str, other: str, share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(_parts(one), _parts(other), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _parts(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)

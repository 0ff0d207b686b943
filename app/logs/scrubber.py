"""Takes secrets out of what is logged: keys, tokens, passwords, links that open, cards."""

from __future__ import annotations

import logging
import re

from app.logs import formatters

_GONE = "…"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_END = r"[^\s/?#\"'<>\\]"
_SECRET = r"(?:password|passwd|secret|token|api[_-]?key|authorization|cookie)"
_NAMED = rf"[\w-]{{0,40}}{_SECRET}[\w-]{{0,40}}"
_VALUE = r"(?![\"']?(?:None|null|True|False)\b)(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"')}\]…]+)"

# Each is what stays in its first group, and what goes after it.
_RULES = tuple(
    re.compile(rule)
    for rule in (
        # Stripe: "API keys", "Verify webhook signatures"; Mollie: "Authentication"; our own keys.
        r"\b((?:sk|rk|ek)_(?:test|live)_)\w+",
        r"(?<![A-Za-z0-9])((?:test|live|access)_)[A-Za-z0-9]{20,}",
        r"\b(whsec_)[\w+/=-]+",
        r"\b(portico_(?:read|write)_)[\w-]+",
        r"(_secret_)\w+",
        # JSON Web Tokens, and what our vault has sealed.
        r"\b(eyJ)[\w-]{8,}(?:\.[\w-]*){1,4}",
        r"\b(gAAAAA)[\w=-]{20,}",
        r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{6,}",
        # A password in an address, and a query, which may hold anything.
        r"(://[^\s/:@\"']*:)[^\s/@\"']+(?=@)",
        r"(\?)[\w.%\[\]-]+=[^\s\"'<>)]*",
        # Our addresses that open something.
        rf"(/(?:link|reset|invitations)/){_END}{{8,}}",
        rf"(/(?:return|hooks/mollie)/{_UUID}/){_END}+",
        # What stands beside a name that says it is secret.
        rf"(?i)(\b{_NAMED}[\"']?\s*[:=]\s*){_VALUE}",
    )
)
# Thirteen to nineteen digits as on a card; the first tells a network (ISO/IEC 7812).
_CARD = re.compile(r"(?<![\w.-])(?:[3-6]|2[2-7])\d(?:[ -]?\d){11,17}(?![\w-])")


class Scrubber(logging.Filter):
    """Scrubs message, arguments, traceback and extras of every record; one that was made clean
    (`is_clean`) is let through."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "is_clean", False):
            return True
        record.msg, record.args = scrub(_message(record)), None
        if record.exc_info:
            record.exc_text = scrub(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        elif record.exc_text:
            record.exc_text = scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        for name, value in formatters.given(record).items():
            if not isinstance(value, (bool, int, float, type(None))):
                setattr(record, name, scrub(str(value)))
        return True


def scrub(text: str) -> str:
    """Answer a text without the secrets it holds."""
    for rule in _RULES:
        text = rule.sub(rf"\1{_GONE}", text)
    return _CARD.sub(_hide_card, text)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A line whose arguments do not fit is worth reading all the same.
        return f"{record.msg!s} {record.args!r}"


def _hide_card(found: re.Match[str]) -> str:
    digits = [int(sign) for sign in found[0] if sign.isdigit()]
    return _GONE if _passes_luhn(digits) else found[0]


def _passes_luhn(digits: list[int]) -> bool:
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0

"""Typed text: what a person typed, as it is stored, or a refusal that names the field."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from app.billing import urls
from app.billing.errors import Invalid

_LONGEST_LINE = 200
_MOST_LINES = 8


def line(text: str | None, field: str, *, required: str | None = None) -> str | None:
    """Answer one line without doubled blanks, None where nothing is left.

    Raises Invalid for more than 200 characters, for characters that cannot be printed and, with
    `required` as its sentence, for nothing.
    """
    squeezed = " ".join((text or "").split())
    if len(squeezed) > _LONGEST_LINE:
        raise Invalid("This is too long: use at most 200 characters.", field=field)
    if not squeezed.isprintable():
        raise Invalid("This holds characters that cannot be printed.", field=field)
    if required is not None and not squeezed:
        raise Invalid(required, field=field)
    return squeezed or None


def lines(text: str | None, field: str, *, required: str) -> str:
    """Answer up to eight lines as `line` does each, empty ones left out."""
    kept = [one for part in (text or "").splitlines() if (one := line(part, field))]
    if not kept:
        raise Invalid(required, field=field)
    if len(kept) > _MOST_LINES:
        raise Invalid("This is too long: use at most 8 lines.", field=field)
    return "\n".join(kept)


def email(text: str | None, field: str, *, example: str) -> str:
    """Answer an e-mail address; raises Invalid, with an example, where it is none."""
    try:
        return validate_email((text or "").strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid(
            "Enter an e-mail address, such as %(example)s.", field=field, example=example
        ) from None


def address(text: str | None, field: str) -> str | None:
    """Answer an absolute http or https address, None where nothing was typed."""
    typed = (text or "").strip()
    if typed and not urls.is_sound(typed):
        raise Invalid("Enter a whole address, such as https://example.com.", field=field)
    return typed or None

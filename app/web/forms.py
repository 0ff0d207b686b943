"""Forms: WTForms fields that know their hint, and errors a page can list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import wtforms
from flask import Flask, request
from flask_babel import lazy_gettext
from wtforms.validators import DataRequired, InputRequired, Length

from app.billing.errors import BillingError
from app.billing.tax import countries
from app.web import filters, languages

_SHORT = Length(max=200, message=lazy_gettext("Use at most 200 characters."))
_LONGEST_NUMBER = 9


def install(flask_app: Flask) -> None:
    """Give templates what fields need."""
    flask_app.add_template_global(described)
    flask_app.add_template_global(_countries, "countries")


class Form(wtforms.Form):
    """A form of a page; CSRF is checked for every POST before any form is read.

    `first_ids` names the control that a problem leads to where the field has several.
    """

    first_ids: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def posted(cls, **values: Any) -> Any:
        """Answer the form as it was sent; `values` are for what was not."""
        return cls(request.form, **values)

    def blame(self, error: BillingError) -> None:
        """Show a refusal beside the field it is about, else on top."""
        sentence = filters.words(error.text)
        if error.field in self._fields:
            field = self._fields[error.field]
            field.errors = [*field.errors, sentence]
        else:
            self.form_errors.append(sentence)

    @property
    def problems(self) -> list[tuple[str | None, str]]:
        """Every error with the id of the control it is about."""
        return [(None, str(text)) for text in self.form_errors] + list(self._field_problems())

    def _field_problems(self) -> Iterator[tuple[str | None, str]]:
        for field in self:
            for text in field.errors:
                yield self.first_ids.get(field.short_name, field.id), str(text)


def short_text(label: Any, required: Any = None, *, autocomplete: str | None = None) -> Any:
    """Answer a field for a text of up to 200 characters; `required` is what is said where it is
    left empty."""
    validators = [_SHORT] if required is None else [DataRequired(required), _SHORT]
    tokens = {"autocomplete": autocomplete} if autocomplete else None
    return wtforms.StringField(label, validators, filters=[squeezed], render_kw=tokens)


def one_time_code(attributes: Mapping[str, str]) -> Any:
    """Answer a field for a code of an authenticator app, or a recovery code."""
    return wtforms.StringField(
        lazy_gettext("Code"),
        [InputRequired(lazy_gettext("Enter the code.")), Length(max=64)],
        filters=[squeezed],
        render_kw={
            **attributes,
            "autocomplete": "one-time-code",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )


def described(field: wtforms.Field, hint: str = "") -> dict[str, str]:
    """Answer the attributes that tie a control to its hint and its errors."""
    ids = [f"{field.id}-hint"] if hint else []
    ids += [f"{field.id}-error"] if field.errors else []
    tied = {"aria-describedby": " ".join(ids)} if ids else {}
    return tied | ({"aria-invalid": "true"} if field.errors else {})


def squeezed(text: str | None) -> str | None:
    """Answer a typed text without blanks around and doubled inside; None where nothing is left."""
    words = (text or "").split()
    return " ".join(words) or None


def whole_number(text: str | None, *, most: int | None = None) -> int | None:
    """Answer a typed whole number from 1 to `most`; None where it is not one."""
    digits = (text or "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER):
        return None
    number = int(digits)
    return number if 1 <= number <= (most or number) else None


def _countries() -> tuple[tuple[str, str], ...]:
    return countries.choices(languages.tag())

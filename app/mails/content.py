"""What a mail says: its subject, sentences, facts and one button, in no language yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.billing.methods import method_names
from app.billing.text import Text
from app.money import Money

Fact = tuple[Text, Money | datetime | Text | str | int]


@dataclass(frozen=True, slots=True)
class Button:
    """The one thing to do, at an absolute address."""

    label: Text
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A mail before it is put into words. `after` stands below the button, in small letters."""

    subject: Text
    heading: Text
    paragraphs: tuple[Text, ...]
    facts: tuple[Fact, ...] = ()
    button: Button | None = None
    after: tuple[Text, ...] = ()


def only(*facts: tuple[Text, Money | datetime | Text | str | int | None]) -> tuple[Fact, ...]:
    """Answer the facts that are known."""
    return tuple((label, value) for label, value in facts if value is not None)


def some(*texts: Text | None) -> tuple[Text, ...]:
    """Answer the sentences that apply."""
    return tuple(text for text in texts if text is not None)


def method(method: str | None, brand: str | None, last4: str | None) -> Text | None:
    """Answer what was, or will be, paid with; None where it is not known."""
    return method_names.paid_with(method or "card", brand, last4) if method or brand else None

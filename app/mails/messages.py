"""A letter as a message: subject, addresses, plain text and HTML."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from app import brand
from app.billing.apps import logos
from app.billing.apps.logos import Picture
from app.billing.mail.outbox import Letter, Undeliverable
from app.billing.site import Site
from app.billing.text import Text
from app.mails import notices, payments, people, places, plans, readers
from app.mails.content import Content
from app.mails.readers import Reader
from app.models import Logo

CONTENTS: dict[str, Callable[[Any, places.Places], Content]] = {
    "receipt": payments.receipt,
    "payment_failed": payments.payment_failed,
    "action_needed": payments.action_needed,
    "refunded": payments.refunded,
    "charged_back": payments.charged_back,
    "renewal_ahead": plans.renewal_ahead,
    "plan_changed": plans.plan_changed,
    "canceled": plans.canceled,
    "card_expiring": plans.card_expiring,
    "password_reset": people.password_reset,
    "invitation": people.invitation,
    "app_invitation": people.app_invitation,
    "webhook_disabled": notices.webhook_disabled,
    "needs_review": notices.needs_review,
}
_ABOUT_PEOPLE = frozenset({"password_reset", "invitation", "app_invitation"})
_ABOUT_MONEY = frozenset(CONTENTS) - _ABOUT_PEOPLE - {"webhook_disabled"}
_PLAIN_NAME = "Portico"
_COLUMNS = 72
# At most so wide and high, in pixels.
_LOGO = (200, 36)


def compose(letter: Letter, site: Site, *, at: datetime) -> EmailMessage:
    """Answer a letter in its reader's language. The same letter always has the same Message-ID.
    Raises Undeliverable where its addresses cannot be written to."""
    reader = readers.of(letter.locale)
    content = CONTENTS[letter.kind](letter.told, places.of(letter, site))
    values = _values(letter, content, reader)
    message = _addressed(letter, site.config.MAIL_FROM)
    message["Date"] = format_datetime(at)
    message["Subject"] = reader.line(content.subject)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_print("mails/mail.txt", values), cte="quoted-printable")
    message.add_alternative(
        _print("mails/mail.html", values), subtype="html", cte="quoted-printable"
    )
    if letter.logo is not None:
        _attach(message, _picture(letter.logo).content, name=_logo_name(letter.logo))
    # Last, since each part that is added takes the headers about content for itself.
    message["Content-Language"] = reader.language.replace("_", "-")
    return message


def _addressed(letter: Letter, sender: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{letter.mail_uuid}@{sender.rpartition('@')[2]}>"
    message["From"] = _address(_sender_name(letter), sender)
    message["To"] = _address("", letter.recipient)
    support = letter.app.support_email if letter.app else None
    if support:
        # A support address that is none must not keep people from their mail.
        with contextlib.suppress(Undeliverable):
            message["Reply-To"] = _address("", support)
    return message


def _sender_name(letter: Letter) -> str:
    # A line break in a name would begin another header.
    return " ".join(letter.app.name.split()) if letter.app else _PLAIN_NAME


def _address(name: str, address: str) -> Address:
    try:
        return Address(name, addr_spec=address)
    except (ValueError, IndexError) as error:
        raise Undeliverable(f"{address!r} is not an e-mail address") from error


def _values(letter: Letter, content: Content, reader: Reader) -> dict[str, object]:
    app = letter.app
    light, dark = brand.themes(brand.digits(app.brand_color if app else None))
    return {
        "language": reader.language.replace("_", "-"),
        "show": reader.show,
        "wrap": _wrapped,
        "content": content,
        "sender": _sender_name(letter),
        "logo": _logo_values(letter.logo),
        "light": light,
        "dark": dark,
        "notes": _notes(letter),
        "seller": " · ".join(_seller(letter)),
    }


def _picture(logo: Logo) -> Picture:
    """A logo with twice the pixels it is shown with, for screens that have as many."""
    width, height = _LOGO
    return logos.scaled(logo, width=2 * width, height=2 * height)


def _logo_values(logo: Logo | None) -> dict[str, object] | None:
    if logo is None:
        return None
    picture = _picture(logo)
    scale = min(_LOGO[0] / picture.width, _LOGO[1] / picture.height, 1)
    return {
        "name": _logo_name(logo),
        "width": max(round(picture.width * scale), 1),
        "height": max(round(picture.height * scale), 1),
    }


def _logo_name(logo: Logo) -> str:
    return f"logo.{logo.digest}@portico"


def _attach(message: EmailMessage, png: bytes, *, name: str) -> None:
    """Put a picture beside the HTML that shows it: it is there without asking any server, and no
    server learns that the mail was opened."""
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(
        png, "image", "png", cid=f"<{name}>", disposition="inline", filename="logo.png"
    )


def _notes(letter: Letter) -> list[Text]:
    """What stands at the end of every mail: why it came, whom to ask, whether money is real."""
    notes = []
    if not letter.livemode and letter.kind in _ABOUT_MONEY:
        notes.append(Text("This is a test: no real money moved."))
    if letter.tenant and letter.app and letter.kind != "invitation":
        values = {"tenant": letter.tenant.name, "app": letter.app.name}
        notes.append(Text("You get this mail about %(tenant)s’s account at %(app)s.", values))
    if letter.app and letter.app.support_email:
        values = {"email": letter.app.support_email}
        notes.append(Text("Questions? Answer this mail or write to %(email)s.", values))
    return notes


def _seller(letter: Letter) -> list[str]:
    if letter.app is None:
        return []
    address = (letter.app.seller_address or "").splitlines()
    return [letter.app.seller_name, *(line.strip() for line in address if line.strip())]


def _print(template: str, values: dict[str, object]) -> str:
    return readers.templates().get_template(template).render(values)


def _wrapped(text: str) -> str:
    # An address broken in two could not be followed.
    return textwrap.fill(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)

"""Every mail says what it has to, in the reader's language, and carries nothing it should not."""

from __future__ import annotations

import re
from email.message import EmailMessage
from functools import cache
from io import BytesIO

import html5lib
import pytest
from PIL import Image

from app.billing.mail import mail_kinds
from app.billing.mail.mail_kinds import Mailable
from app.billing.mail.outbox import Letter, Undeliverable
from app.billing.site import Site, site_for
from app.mails import messages, readers
from app.models import App
from app.money import Money
from config import load
from tests.mails.letters import NOW, SECRET, TOLD, a_logo, letter

EVERY = pytest.mark.parametrize("name", list(TOLD))


@cache
def site() -> Site:
    return site_for(
        load(
            {
                "DATABASE_URL": "sqlite:///unused.sqlite3",
                "PUBLIC_URL": "https://portal.example",
                "SECRET_KEY": "only-for-tests-" * 4,
                "ENCRYPTION_KEYS": "5e" * 32,
                "MAIL_FROM": "billing@acme.example",
            }
        )
    )


def compose(written: Letter) -> EmailMessage:
    return messages.compose(written, site(), at=NOW)


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and html is not None
    return str(text.get_content()), str(html.get_content())


def told(mailable: Mailable, **changes: object) -> tuple[str, str]:
    return parts(compose(letter(mailable, **changes)))  # type: ignore[arg-type]


def test_there_is_one_of_every_kind() -> None:
    assert {mail_kinds.name(mailable) for mailable in TOLD.values()} == set(mail_kinds.KINDS)
    assert set(messages.CONTENTS) == set(mail_kinds.KINDS)


class TestALogo:
    def test_comes_with_the_mail_and_stands_for_the_apps_name(self) -> None:
        message = compose(letter(TOLD["receipt"], logo=a_logo()))

        text, html = parts(message)
        (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
        name = str(picture["Content-ID"]).strip("<>")
        (shown,) = re.findall(r"<img [^>]+>", html)
        assert f'src="cid:{name}"' in shown and 'alt="Acme Notes"' in shown
        assert 'width="144" height="36"' in shown
        assert picture.get_content_disposition() == "inline"
        with Image.open(BytesIO(picture.get_content())) as sent:
            assert sent.size == (288, 72)
        assert text == parts(compose(letter(TOLD["receipt"])))[0]

    @pytest.mark.parametrize(
        ("size", "shown"), [((512, 16), (200, 6)), ((16, 512), (1, 36)), ((20, 20), (20, 20))]
    )
    def test_keeps_its_shape_and_is_never_blown_up(
        self, size: tuple[int, int], shown: tuple[int, int]
    ) -> None:
        _, html = parts(compose(letter(TOLD["receipt"], logo=a_logo(*size))))

        assert f'width="{shown[0]}" height="{shown[1]}"' in html

    def test_is_the_only_picture(self) -> None:
        assert "<img" not in parts(compose(letter(TOLD["receipt"])))[1]


class TestCompose:
    @EVERY
    @pytest.mark.parametrize("language", sorted(readers.languages()))
    def test_writes_sound_html_and_the_same_as_text(self, name: str, language: str) -> None:
        message = compose(letter(TOLD[name], locale=language))
        text, html = parts(message)

        page = html5lib.HTMLParser(strict=True).parse(html, "utf-8")

        def every(tag: str) -> list[str]:
            found = page.iter(f"{{http://www.w3.org/1999/xhtml}}{tag}")
            return [" ".join("".join(element.itertext()).split()) for element in found]

        assert len(every("h1")) == 1
        assert every("title") == [message["Subject"]]
        assert len(every("a")) <= 2
        plain = " ".join(text.split())
        for said in (*every("h1"), *every("p")[1:4], *every("th"), *every("td")):
            assert said in plain
        assert page.attrib.get("lang") == language

    @EVERY
    def test_leaves_no_gap_and_fetches_nothing(self, name: str) -> None:
        for part in parts(compose(letter(TOLD[name]))):
            assert not re.search(r"%\(|\{\{|None|Undefined|<img|url\(|<script", part)

    @EVERY
    def test_leads_to_absolute_addresses_only(self, name: str) -> None:
        text, html = parts(compose(letter(TOLD[name])))

        addresses = [
            found.replace("&amp;", "&") for found in re.findall(r'(?:href|src)="([^"]+)"', html)
        ]

        assert all(address.startswith("https://") for address in addresses)
        assert all(address in text.splitlines() for address in addresses)

    @EVERY
    def test_survives_being_sent(self, name: str) -> None:
        raw = compose(letter(TOLD[name])).as_bytes()

        assert raw.isascii()
        assert max(len(line) for line in raw.split(b"\r\n")) <= 998

    def test_names_whom_it_is_from_and_what_it_is(self) -> None:
        message = compose(letter(TOLD["receipt"]))

        assert message["From"] == "Acme Notes <billing@acme.example>"
        assert message["To"] == "tara@globex.example"
        assert message["Reply-To"] == "help@acme.example"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Subject"] == "Your receipt for Team: €1,140.00"
        assert message["Message-ID"] == ("<00000000-0000-0000-0000-000000000004@acme.example>")

    def test_writes_figures_as_the_reader_does_in_a_language_without_words(self) -> None:
        english = told(TOLD["receipt"], locale="xx_XX")[0]

        assert "€1,140.00" in english
        assert "20 November 2026" in english

    def test_escapes_what_people_named(self) -> None:
        text, html = told(mail_kinds.Receipt(plan="<b>Team</b>", amount=Money(100, "JPY")))

        assert "<b>" not in html
        assert "<b>Team</b>" in text
        assert "Globex &amp; Söhne &lt;GmbH&gt;" in html

    @pytest.mark.parametrize("name", ["Acme\r\nBcc: all@example.com", 'Acme "Notes", <x@y>', "ÄÖ"])
    def test_lets_no_name_become_a_header(self, name: str) -> None:
        app = App(name=name, seller_name="Acme", brand_color="red", support_email=None)
        plan = mail_kinds.Receipt(plan="Team\r\nBcc: all@example.com", amount=Money(1, "EUR"))

        message = compose(letter(plan, app=app))

        assert message["Bcc"] is None
        assert message["From"].addresses[0].addr_spec == "billing@acme.example"
        assert message["From"].addresses[0].display_name == " ".join(name.split())
        assert len(message["From"].addresses) == 1
        assert b"\nBcc" not in message.as_bytes().partition(b"\r\n\r\n")[0]

    @pytest.mark.parametrize(
        "address", ["tara@globex.example\r\nBcc: all@example.com", "tara", "a@b, c@d", ""]
    )
    def test_writes_to_nothing_that_is_no_address(self, address: str) -> None:
        with pytest.raises(Undeliverable):
            compose(letter(TOLD["receipt"], recipient=address))

    def test_goes_out_without_a_support_address_that_is_none(self) -> None:
        app = App(name="Acme", seller_name="Acme", brand_color="", support_email="by phone")

        message = compose(letter(TOLD["receipt"], app=app))

        assert message["Reply-To"] is None
        assert message["To"] == "tara@globex.example"

    def test_says_that_it_is_a_test_where_money_is(self) -> None:
        def says_test(name: str, *, livemode: bool) -> bool:
            return "no real money" in told(TOLD[name], livemode=livemode)[0]

        assert says_test("receipt", livemode=False)
        assert not says_test("receipt", livemode=True)
        assert not says_test("invitation", livemode=False)
        assert not says_test("app_invitation", livemode=False)

    def test_brings_the_secret_address_whole(self) -> None:
        text, html = told(TOLD["password_reset"], app=None, tenant=None)

        assert SECRET in text.splitlines()
        assert f'href="{SECRET.replace("&", "&amp;")}"' in html

    def test_is_from_the_portal_where_no_app_is_known(self) -> None:
        message = compose(letter(TOLD["password_reset"], app=None, tenant=None))

        assert message["From"] == "Portico <billing@acme.example>"
        assert message["Reply-To"] is None


class TestContents:
    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("receipt", "The next charge, €1,140.00, is on 20 December 2026."),
            ("receipt, once", "Nothing more is charged for it."),
            ("payment_failed", "The account did not have enough money."),
            ("payment_failed", "We try again on 20 December 2026."),
            ("payment_failed", "Without a payment by then it ends."),
            ("payment_failed, for good", "We do not try again by ourselves"),
            ("action_needed", "https://pay.example/i/1"),
            ("renewal_ahead", "charged for the next year."),
            ("renewal_ahead, first", "€1,140.00 is charged for the first time."),
            ("plan_changed", "For the rest of the period €1,140.00 was charged."),
            ("plan_changed, scheduled", "Team becomes Starter on 20 December 2026."),
            ("plan_changed, yearly", "Team is billed yearly from 20 November 2026 on."),
            ("plan_changed, yearly", "It now costs €1,140.00 each year."),
            ("plan_changed, fewer seats", "€1,140.00 is taken off the next charges."),
            ("canceled", "You can use it until 20 December 2026."),
            ("canceled, not_paid", "the time to pay it is over."),
            ("card_expiring", "expires at the end of 01/2027"),
            ("refunded", "five to ten working days"),
            ("charged_back", "Team has ended"),
            ("charged_back, goes on", "Team goes on for now."),
            ("password_reset", "until 20 December 2026, 14:02 UTC."),
            ("invitation", "tara@globex.example invites you"),
            ("app_invitation", "alice@acme.example invites you to the console of Acme Notes"),
            ("webhook_disabled", "https://app.example.com/hooks"),
            ("needs_review", "The payment came after the order had ended."),
            ("needs_review, trial", "A free trial of a plan had been used already."),
        ],
    )
    def test_say_what_happened_and_what_comes_next(self, name: str, sentence: str) -> None:
        assert sentence in " ".join(told(TOLD[name])[0].split())

    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("receipt", "/invoices/00000000-0000-0000-0000-000000000005"),
            ("receipt, once", "/invoices"),
            ("payment_failed", "/payment-methods"),
            ("renewal_ahead", "/subscription"),
            ("canceled", "/subscription"),
            ("canceled, not_paid", "/plans"),
            ("card_expiring", "/payment-methods"),
        ],
    )
    def test_lead_where_something_can_be_done(self, name: str, path: str) -> None:
        home = "https://portal.example/t/00000000-0000-0000-0000-000000000002"

        assert f"{home}{path}" in told(TOLD[name])[0].splitlines()

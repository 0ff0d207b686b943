"""The hosted pages: valid, labelled, readable without scripts, in every state."""

from __future__ import annotations

from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from tests.sandbox.shop import CANCEL, Shop

CONTROLS = {
    "sandbox-pay",
    "sandbox-cancel",
    "sandbox-decline",
    "sandbox-expire",
    "sandbox-delay",
    "sandbox-3ds-pass",
    "sandbox-3ds-fail",
}
EVERYTHING: dict[str, Any] = {
    "billing_address_collection": "required",
    "shipping_address_collection": {"allowed_countries": ["NL", "DE"]},
    "tax_id_collection": {"enabled": True},
    "consent_collection": {"terms_of_service": "required"},
    "custom_text": {"submit": {"message": "We send the key by e-mail."}},
}


def read(text: str) -> Element:
    """Parse a page strictly and check what every page must keep."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(text)
    ids = Counter(e.get("id") for e in tree.iter() if e.get("id"))
    labelled = {label.get("for") for label in tree.iter("label")}
    assert len(list(tree.iter("h1"))) == 1
    assert max(ids.values(), default=1) == 1
    assert not list(tree.iter("script"))
    assert not [e for e in tree.iter() if e.get("style")]
    for field in [e for tag in ("input", "select") for e in tree.iter(tag)]:
        assert field.get("id") in labelled, field.get("name")
    for element in tree.iter():
        for id in (element.get("aria-describedby") or "").split():
            assert id in ids
    return tree


def ids_of(tree: Element) -> set[str]:
    return {id for e in tree.iter() if (id := e.get("data-testid")) is not None}


@pytest.mark.parametrize("mode", ["payment", "subscription", "setup"])
def test_the_payment_page_carries_every_control(shop: Shop, mode: str) -> None:
    session = shop.session(mode)

    page = shop.open(session.url)

    assert read(page.text) is not None
    assert ids_of(read(page.text)) >= CONTROLS
    assert "no money moves" in page.text
    assert "Set-Cookie" not in page.headers
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_payment_page_collects_what_the_session_asks_for(shop: Shop) -> None:
    session = shop.session(**EVERYTHING)

    tree = read(shop.open(session.url).text)

    names = {e.get("name") for e in tree.iter("input")} | {"shipping_country"}
    assert names >= {"line1", "shipping_line1", "tax_id", "business_name", "terms"}
    assert shop.press(session.url).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("card_number", "4242 4242 4242 4241"),
        ("card_number", "hello"),
        ("card_expiry", "01 / 20"),
        ("card_expiry", "13 / 40"),
        ("card_cvc", "12"),
        ("email", "nobody"),
        ("method", "cash"),
        ("line1", ""),
        ("country", "Germany"),
        ("shipping_country", "US"),
        ("tax_id", "!"),
        ("terms", "no"),
    ],
)
def test_bad_input_is_shown_at_its_field_and_changes_nothing(
    shop: Shop, field: str, value: str
) -> None:
    session = shop.session(**EVERYTHING)
    before = shop.look(session).to_dict()

    page = shop.press(session.url, **{field: value})

    assert page.status_code == 422
    assert read(page.text) is not None
    assert shop.look(session).to_dict() == before


def test_a_bad_iban_is_refused(shop: Shop) -> None:
    page = shop.press(shop.session().url, method="sepa_debit", iban="DE00370400440532013000")

    assert page.status_code == 422
    assert "IBAN you entered is invalid" in page.text


def test_answers_are_kept_after_a_decline(shop: Shop) -> None:
    session = shop.session()

    page = shop.press(session.url, card_number="4000 0000 0000 0002", name="Tara <script>")

    tree = read(page.text)
    values = {e.get("name"): e.get("value") for e in tree.iter("input")}
    assert (values["card_number"], values["name"]) == ("4000 0000 0000 0002", "Tara <script>")


def test_going_back_is_a_link_that_leaves_the_session_open(shop: Shop) -> None:
    session = shop.session()

    tree = read(shop.open(session.url).text)

    [link] = [e for e in tree.iter("a") if e.get("data-testid") == "sandbox-cancel"]
    assert link.get("href") == CANCEL


def test_the_challenge_carries_its_two_controls(shop: Shop) -> None:
    session = shop.session()
    sent = shop.press(session.url, card_number="4000002760003184")

    page = shop.open(shop.sandbox.url + sent.headers["Location"])

    assert ids_of(read(page.text)) == {"sandbox-3ds-pass", "sandbox-3ds-fail"}


def test_the_challenge_is_not_there_unasked(shop: Shop) -> None:
    url = shop.session().url

    page = shop.open(f"{url}/challenge")
    answer = shop.press(f"{url}/challenge", "3ds_pass")

    assert page.status_code == answer.status_code == 303
    assert answer.headers["Location"] == url.removeprefix(shop.sandbox.url)


@pytest.mark.parametrize("ending", ["paid", "expired"])
def test_an_ended_session_says_so_and_leads_back(shop: Shop, ending: str) -> None:
    session = shop.session()
    if ending == "paid":
        shop.press(session.url)
    else:
        shop.sandbox.advance("2 days")

    tree = read(shop.open(session.url).text)

    assert not ids_of(tree)
    [link] = [e for e in tree.iter("a") if "button" in (e.get("class") or "")]
    assert (link.get("href") or "").startswith("https://app.example.com/")


@pytest.mark.parametrize(
    "path",
    [
        "/stripe/pay/cs_none",
        "/stripe/pay/cs_none/challenge",
        "/stripe/invoice/in_none",
        "/stripe/invoice/in_none/pdf",
        "/nowhere",
    ],
)
def test_an_unknown_page_is_a_page_too(shop: Shop, path: str) -> None:
    page = shop.open(shop.sandbox.url + path)

    assert page.status_code == 404
    assert read(page.text) is not None


def test_the_front_page_and_the_invoice_are_valid(shop: Shop) -> None:
    plan = shop.subscriber()
    invoice = shop.sdk.invoices.retrieve(plan.latest_invoice)

    for url in (shop.sandbox.url, invoice.hosted_invoice_url):
        assert read(shop.open(url).text) is not None

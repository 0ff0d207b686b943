"""The person at the provider's page: fills in the page's own forms over HTTP, without a browser.

Each verb opens the page and presses one of its buttons; it answers where the payer is sent, an
address of the shop that is not followed, or None where the payer stays at the provider.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib

from tests.waiting import PATIENCE_SECONDS


class NoSuchButton(AssertionError):
    """The page has no button of that name, or it has ended and shows none at all."""


@dataclass(frozen=True)
class _Answer:
    """A page, or where it sends the payer."""

    url: str
    target: str | None
    body: bytes


# The card both providers' pages ask a confirmation for.
_CARD_WITH_3DS = "4000002760003184"


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


# The machine's proxy settings must not send a loopback call elsewhere.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _StayHere)


def pays(url: str, **fields: str) -> str | None:
    """Pay with what the page has filled in, or with other `fields`."""
    return press(url, "sandbox-pay", **fields)


def declines(url: str, **fields: str) -> str | None:
    """Have the bank refuse the payment."""
    return press(url, "sandbox-decline", **fields)


def cancels(url: str) -> str | None:
    """Go back to the shop without paying."""
    return press(url, "sandbox-cancel")


def expires(url: str) -> str | None:
    """Let the page's time run out."""
    return press(url, "sandbox-expire")


def delays(url: str, **fields: str) -> str | None:
    """Pay in a way that takes days to settle."""
    return press(url, "sandbox-delay", **fields)


def passes_3ds(url: str, **fields: str) -> str | None:
    """Pay with a card whose bank asks to confirm, and confirm."""
    return _confirm(url, "sandbox-3ds-pass", fields)


def fails_3ds(url: str, **fields: str) -> str | None:
    """Pay with a card whose bank asks to confirm, and fail to."""
    return _confirm(url, "sandbox-3ds-fail", fields)


def press(url: str, test_id: str, **fields: str) -> str | None:
    """Press the button with this test id on the page, its form filled in as it is shown."""
    return _submit(url, test_id, fields).target


def _confirm(url: str, test_id: str, fields: dict[str, str]) -> str | None:
    card = dict.fromkeys(_card_fields(_open(url)[0]), _CARD_WITH_3DS)
    asked = _submit(url, "sandbox-pay", card | fields)
    if asked.target is not None:
        raise NoSuchButton(f"{url} did not ask to confirm, but went to {asked.target}")
    return press(asked.url, test_id)


def _submit(url: str, test_id: str, fields: dict[str, str]) -> _Answer:
    """Post the form; the answer is a page of this server, or names an address outside it."""
    page, address = _open(url)
    link = next((a for a in page.iter("a") if a.get("data-testid") == test_id), None)
    if link is not None:
        return _Answer(address, urljoin(address, link.get("href", "")), b"")
    button, form = _button(page, test_id, address)
    target = button.get("formaction") or form.get("action") or address
    answer = _send(urljoin(address, target), _filled(form) | _named(button) | fields)
    while answer.target is not None and _origin(answer.target) == _origin(url):
        answer = _send(answer.target)
    return answer


def _open(url: str) -> tuple[Element, str]:
    answer = _send(url)
    while answer.target is not None:
        answer = _send(answer.target)
    tree: Element = html5lib.parse(answer.body, namespaceHTMLElements=False)
    return tree, answer.url


def _send(url: str, data: dict[str, str] | None = None) -> _Answer:
    body = None if data is None else urlencode(data).encode()
    try:
        response = _OPENER.open(urllib.request.Request(url, body), timeout=PATIENCE_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise
        response = error
    with response:
        location = response.headers.get("Location") if 300 <= response.status < 400 else None
        target = None if location is None else urljoin(url, location)
        return _Answer(url, target, response.read())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _button(page: Element, test_id: str, address: str) -> tuple[Element, Element]:
    for form in page.iter("form"):
        owned = [*form.iter(), *_outside(page, form)]
        for control in owned:
            if control.get("data-testid") == test_id and control.get("disabled") is None:
                return control, form
    offered = sorted(filter(None, (e.get("data-testid") for e in page.iter())))
    raise NoSuchButton(f"{address} has no button {test_id!r}; it has {offered}")


def _outside(page: Element, form: Element) -> list[Element]:
    """Answer the controls elsewhere on the page that name this form."""
    name = form.get("id")
    return [] if name is None else [e for e in page.iter() if e.get("form") == name]


def _card_fields(page: Element) -> list[str]:
    names = [control.get("name", "") for control in page.iter("input")]
    return [name for name in names if "card" in name and "number" in name]


def _filled(form: Element) -> dict[str, str]:
    data: dict[str, str] = {}
    for control in form.iter():
        if control.get("name") and control.get("disabled") is None:
            data.update(_value(control))
    return data


def _value(control: Element) -> dict[str, str]:
    kind = control.get("type", "text")
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = next((o for o in options if o.get("selected") is not None), options[0])
        value = chosen.get("value")
        return {control.get("name", ""): "".join(chosen.itertext()) if value is None else value}
    if control.tag == "textarea":
        return {control.get("name", ""): "".join(control.itertext())}
    if control.tag != "input" or kind in ("submit", "image", "button", "reset"):
        return {}
    if kind in ("checkbox", "radio") and control.get("checked") is None:
        return {}
    return _named(control, otherwise="on" if kind in ("checkbox", "radio") else "")


def _named(control: Element, otherwise: str = "") -> dict[str, str]:
    name = control.get("name")
    return {} if not name else {name: control.get("value", otherwise)}

"""A visitor of the pages: asks, posts forms, and checks every page it is given.

A page that is not valid HTML, has an unlabelled control, a form without its CSRF token, inline code
or a wrong header fails the test that opened it, whatever the test was about.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask
from jinja2 import BytecodeCache
from werkzeug.test import TestResponse

from app import create_app
from app.billing.site import Site
from app.billing.truth.doors import Doors
from app.db.engine import Database
from app.models import User
from tests.cast import World

CONTROLS = ("input", "select", "textarea")
UNLABELLED = ("hidden", "submit", "button")


# By settings and database.
Portals = dict[tuple[str, int], Flask]


class Page:
    """An answer of the portal; where it is HTML, it has been checked."""

    def __init__(self, response: TestResponse) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.get_data(as_text=True)
        self.location = response.headers.get("Location", "")
        self.tree: Element | None = None
        if response.mimetype == "text/html" and self.status not in (301, 302, 303, 308):
            self.tree = parse(self.text)
            check(self)

    def all(self, tag: str) -> Iterator[Element]:
        """Answer every element of a kind."""
        assert self.tree is not None, f"not a page, but {self.status}"
        return self.tree.iter(tag)

    def has(self, test_id: str) -> bool:
        """Answer whether something on the page carries the test id."""
        return any(e.get("data-testid") == test_id for e in self.all("*"))

    def at(self, test_id: str) -> Element:
        """Answer the element that carries the test id."""
        return next(e for e in self.all("*") if e.get("data-testid") == test_id)

    def words(self, test_id: str | None = None) -> str:
        """Answer the text of the page, or of one element, with blanks squeezed."""
        root = self.at(test_id) if test_id else next(self.all("body"))
        return " ".join(" ".join(root.itertext()).split())

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return " ".join("".join(next(self.all("title")).itertext()).split())

    @property
    def heading(self) -> str:
        """The only h1."""
        return " ".join("".join(next(self.all("h1")).itertext()).split())

    @property
    def problems(self) -> list[str]:
        """The lines of the list of problems."""
        return [
            " ".join("".join(line.itertext()).split())
            for box in self.all("div")
            if box.get("id") == "problems"
            for line in box.iter("li")
        ]

    def fields(self, action: str) -> dict[str, str]:
        """Answer what the form with this action would send as it stands."""
        form = next(f for f in self.all("form") if f.get("action", "") == action)
        return dict(_filled(form))


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, flask_app: Flask, user: User | None = None) -> None:
        self.client = flask_app.test_client()
        if user is not None:
            with self.client.session_transaction() as session:
                session["_user_id"] = str(user.id)

    def opens(self, address: str, **headers: str) -> Page:
        """Ask for a page."""
        return Page(self.client.get(_path(address), headers=headers))

    def posts(self, address: str, data: dict[str, str] | None = None, **headers: str) -> Page:
        """Send a form with the token of this browser."""
        sent = {"csrf_token": self.token(), **(data or {})}
        return Page(self.client.post(_path(address), data=sent, headers=headers))

    def token(self) -> str:
        """Answer a CSRF token, as any page of this browser carries it."""
        page = self.client.get("/sign-in", follow_redirects=True).get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, "no form on the first page"
        return found[1]


@pytest.fixture
def new_app(site: Site, database: Database, compiled_templates: BytecodeCache) -> Flask:
    """Answer a portal that a test may add routes to."""
    flask_app = create_app(site.config, site=site, database=database)
    flask_app.jinja_env.bytecode_cache = compiled_templates
    return flask_app


@pytest.fixture
def flask_app(
    site: Site, database: Database, kept_portals: Portals, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """Give the portal on this test's database; what is changed of it is put back."""
    kind = (site.config.model_dump_json(), id(database))
    flask_app = kept_portals.get(kind) or request.getfixturevalue("new_app")
    kept_portals[kind] = flask_app
    settings, extensions = dict(flask_app.config), dict(flask_app.extensions)
    # What the doors know of accounts is another test's.
    flask_app.extensions.update(site=site, doors=Doors(database, site))
    yield flask_app
    for kept, before in ((flask_app.config, settings), (flask_app.extensions, extensions)):
        kept.clear()
        kept.update(before)


@pytest.fixture
def tara(flask_app: Flask, world: World) -> Visitor:
    """Answer the admin of Globex."""
    return Visitor(flask_app, world.tara)


@pytest.fixture
def milo(flask_app: Flask, world: World) -> Visitor:
    """Answer a member of Globex."""
    return Visitor(flask_app, world.milo)


@pytest.fixture
def peter(flask_app: Flask, world: World) -> Visitor:
    """Answer the admin of another tenant."""
    return Visitor(flask_app, world.peter)


@pytest.fixture
def nobody(flask_app: Flask, world: World) -> Visitor:
    """Answer somebody who is not signed in."""
    return Visitor(flask_app)


def parse(text: str) -> Element:
    """Answer the tree of a page; raises ParseError where it is not valid HTML."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree: Element = parser.parse(text)
    return tree


def check(page: Page) -> None:
    """Hold a page to what every page keeps."""
    broken = [*_broken_structure(page), *_broken_forms(page), *_broken_safety(page)]
    assert broken == [], f"{broken} on {page.title!r}"


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _broken_structure(page: Page) -> Iterator[str]:
    elements = list(page.all("*"))
    ids = [e.get("id") for e in elements if e.get("id") is not None]
    if len(list(page.all("h1"))) != 1:
        yield "not exactly one h1"
    if not next(page.all("html")).get("lang"):
        yield "no language"
    if not page.title.partition(" – ")[0]:
        yield "no title"
    yield from (f"id {name!r} twice" for name, count in Counter(ids).items() if count > 1)
    for element in elements:
        for tie in ("aria-describedby", "aria-labelledby", "for"):
            missing = set((element.get(tie) or "").split()) - set(ids)
            yield from (f"{tie} names {name!r}, which is not there" for name in missing)
    test_ids = Counter(e.get("data-testid") for e in elements if e.get("data-testid"))
    yield from (f"test id {name!r} twice" for name, count in test_ids.items() if count > 1)


def _broken_forms(page: Page) -> Iterator[str]:
    labelled = {label.get("for") for label in page.all("label")}
    for control in (c for tag in CONTROLS for c in page.all(tag)):
        is_named = control.get("id") in labelled or control.get("aria-label")
        if control.get("type") not in UNLABELLED and not is_named:
            yield f"no label for {control.get('name')!r}"
    for form in page.all("form"):
        names = [control.get("name") for control in form.iter("input")]
        if form.get("method") == "post" and names.count("csrf_token") != 1:
            yield f"not one CSRF token in the form to {form.get('action')!r}"


def _broken_safety(page: Page) -> Iterator[str]:
    for element in page.all("*"):
        if element.tag == "style" or element.get("style") is not None:
            yield "an inline style"
        if element.tag == "script" and not (element.get("src") or "").startswith("/assets/"):
            yield "a script that is not ours"
        yield from (f"inline {name}" for name in element.attrib if name.startswith("on"))
    policy = page.headers["Content-Security-Policy"]
    if "default-src 'self'" not in policy or "unsafe" in policy:
        yield "a weak content policy"
    if page.headers.get("X-Content-Type-Options") != "nosniff":
        yield "sniffing allowed"
    if page.headers.get("Cache-Control") != "no-store":
        yield "a page that is kept"


def _filled(form: Element) -> Iterator[tuple[str, str]]:
    for control in form.iter():
        name = control.get("name")
        if not name or control.tag == "button":
            continue
        if control.tag == "select":
            yield name, _selected(control)
        elif control.tag == "textarea":
            yield name, "".join(control.itertext())
        elif control.get("type") != "radio" or control.get("checked") is not None:
            yield name, control.get("value", "")


def _selected(control: Element) -> str:
    options = list(control.iter("option"))
    chosen = next((o for o in options if o.get("selected") is not None), options[0])
    return chosen.get("value", "")

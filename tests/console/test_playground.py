"""The playground of portal links: what it prints runs, and what it answers is what the API says."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from app.billing.access import api_keys, portal_link_calls
from app.billing.site import Site
from app.db.engine import Database
from app.models import AuditEntry, PortalLink
from config import Config
from tests.cast import World
from tests.e2e.portal import Door
from tests.pages import Page, Visitor
from tests.waiting import PATIENCE_SECONDS

BACK = "https://app.example.com/settings?tab=“billing”&it's"


@pytest.fixture
def area(world: World) -> str:
    """Answer where the playground is."""
    return f"/console/apps/{world.app.uuid}/integration/playground"


@pytest.fixture
def chosen(world: World) -> dict[str, str]:
    """Answer an order for one of Globex's people, with everything a call can say."""
    price = world.price("team").price_id
    world.db.commit()
    return {
        "tenant": str(world.globex.uuid),
        "scope": "checkout",
        "user": str(world.tara.uuid),
        "price": price,
        "quantity": "3",
        "return_url": BACK,
    }


def code(page: Page, test_id: str) -> str:
    return "".join(page.at(test_id).itertext())


class TestTheChoice:
    def test_begins_with_a_tenant(self, alice: Visitor, area: str, world: World) -> None:
        newest = alice.opens(area)
        found = alice.opens(f"{area}?q=glo")

        assert "Initech" in newest.words()
        assert "Initech" not in found.words() and "Globex" in found.words()
        assert alice.opens(f"{area}?q=nobody").words().count("No tenant’s name begins so.") == 1

    def test_knows_no_tenant_of_another_app(self, alice: Visitor, area: str, db: Session) -> None:
        assert alice.opens(f"{area}?tenant=11111111-1111-4111-8111-111111111111").status == 404

    def test_offers_what_the_tenant_has(
        self, alice: Visitor, area: str, world: World, chosen: dict[str, str]
    ) -> None:
        page = alice.opens(f"{area}?{urlencode(chosen)}")

        fields = page.fields(area)
        assert fields["user"] == str(world.tara.uuid)
        assert fields["price"] == chosen["price"]
        assert fields["return_url"] == BACK


class TestSending:
    def test_shows_what_the_api_answers_once(
        self, alice: Visitor, area: str, chosen: dict[str, str], world: World, db: Session
    ) -> None:
        sent = alice.posts(area, chosen)
        shown = alice.opens(sent.location)

        assert sent.status == 303
        answer = json.loads(code(shown, "console-playground-answer"))
        link = db.scalars(select(PortalLink)).one()
        assert link.return_url == BACK and link.quantity == 3
        address = answer["items"][0]["nextAction"].pop("url")
        assert shown.at("console-playground-address").get("value") == address
        said = portal_link_calls.answer(link, "")
        said["items"][0]["nextAction"].pop("url")
        db.commit()
        assert answer == said
        assert not alice.opens(sent.location).has("console-playground-answer")
        assert db.scalars(select(AuditEntry.action)).all() == ["portal_link.created"]

    def test_says_the_same_as_the_api(
        self, alice: Visitor, area: str, chosen: dict[str, str], world: World, db: Session
    ) -> None:
        _, key = api_keys.issue(db, world.app, "playground", "read")
        db.commit()
        shown = alice.opens(alice.posts(area, chosen).location)
        answer = json.loads(code(shown, "console-playground-answer"))["items"][0]

        listed = alice.client.get(
            f"/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}/portal-links",
            headers={
                "x-api-key": key,
                "x-client-id": str(world.app.uuid),
                "x-api-key-type": "read",
            },
        ).get_json()["items"][0]

        assert answer.pop("nextAction")["url"] and listed.pop("nextAction") == {"url": None}
        assert answer == listed

    @pytest.mark.parametrize(
        ("wrong", "problem"),
        [
            (
                {"return_url": "https://evil.example/"},
                "Begin with one of the app's registered origins.",
            ),
            (
                {"price": "price_none"},
                "Choose a price in the currency this tenant pays in.",
            ),
            (
                {"user": "11111111-1111-4111-8111-111111111111"},
                "Choose somebody of this tenant: it has no admin.",
            ),
        ],
    )
    def test_names_what_is_wrong_and_makes_nothing(
        self,
        alice: Visitor,
        area: str,
        chosen: dict[str, str],
        db: Session,
        wrong: dict[str, str],
        problem: str,
    ) -> None:
        answer = alice.posts(area, {**chosen, **wrong})

        assert answer.status == 422
        assert answer.problems == [problem]
        assert db.scalars(select(PortalLink)).all() == []


class TestThePrintedCalls:
    @pytest.fixture
    def door(self) -> Iterator[Door]:
        """Open a port."""
        door = Door()
        yield door
        door.close()

    @pytest.fixture
    def public_url(self, door: Door) -> str:
        """Answer the address the portal is served at."""
        return door.url

    @pytest.fixture
    def key(self, world: World, db: Session) -> str:
        """Answer a write key."""
        _, secret = api_keys.issue(db, world.app, "playground", "write")
        db.commit()
        return secret

    @pytest.fixture
    def page(
        self,
        door: Door,
        config: Config,
        site: Site,
        database: Database,
        alice: Visitor,
        area: str,
        chosen: dict[str, str],
    ) -> Iterator[Page]:
        """Serve the portal, and answer the page that prints the calls."""
        with door.leads_to(create_app(config, site=site, database=database)):
            yield alice.opens(f"{area}?{urlencode(chosen)}")

    @pytest.mark.parametrize("kind", ["requests", "standard"])
    def test_run_in_python_as_they_stand(
        self, page: Page, key: str, kind: str, db: Session, door: Door
    ) -> None:
        text = code(page, f"console-playground-{kind}")

        done = subprocess.run(
            [sys.executable, "-c", text.replace(portal_link_calls.KEY, key)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

        assert done.returncode == 0, f"{text}\n{done.stderr}"
        assert done.stdout.startswith(f"{door.url}/link/")
        made = db.scalars(select(PortalLink)).one()
        assert (made.scope, made.quantity, made.return_url) == ("checkout", 3, BACK)

    def test_say_the_same_in_curl(self, page: Page, key: str, alice: Visitor, db: Session) -> None:
        words = shlex.split(code(page, "console-playground-curl").replace("\\\n", " "))
        given = list(zip(words[1::2], words[2::2], strict=True))
        headers = dict(said.split(": ", 1) for option, said in given if option == "--header")
        options = dict(given)

        answer = alice.client.post(
            urlsplit(options["--url"]).path,
            data=options["--data"].encode(),
            headers={**headers, "x-api-key": key},
        )

        assert (words[0], options["--request"]) == ("curl", "POST")
        assert headers["x-api-key"] == portal_link_calls.KEY
        assert answer.status_code == 201, answer.text
        made = db.scalars(select(PortalLink)).one()
        assert (made.scope, made.quantity, made.return_url) == ("checkout", 3, BACK)

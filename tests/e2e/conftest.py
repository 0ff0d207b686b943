"""The stage of the journeys: a browser, the portal and the sandbox on real ports, the actors."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from app.billing.access import origins
from app.models import Tenant, User
from tests.cast import World
from tests.e2e import browser as browsers
from tests.e2e import portal as portals
from tests.e2e.actors import PATIENCE, Cookies, Payer
from tests.e2e.portal import Door, Portal
from tests.e2e.saas import Saas
from tests.pages import flask_app, new_app
from tests.sandbox_server import SandboxServer, calm_time, serve_sandbox

__all__ = ["flask_app", "new_app"]
Meet = Callable[..., Payer]
PEOPLE = pytest.StashKey[list[Payer]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each journey, so that `-m 'not e2e'` leaves the browser out."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with each failure which way everybody went."""
    report = yield
    for person in item.stash.get(PEOPLE, []):
        if report.failed:
            report.sections.append((f"The way of {person.email}", person.way))
    return report


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Tell pytest-playwright which Chromium to start, and how."""
    return browsers.launch_options()


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Wait longer for a state than Playwright does by itself: machines may be busy."""
    expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    """Open the port of this test worker's portals."""
    door = Door()
    yield door
    door.close()


@pytest.fixture(scope="session")
def sandbox_of_worker() -> Iterator[SandboxServer]:
    """Serve a sandbox of the journeys' own: it calls the port of their portals."""
    with serve_sandbox(wall=calm_time) as server:
        yield server


@pytest.fixture
def public_url(door: Door) -> str:
    """Answer the address the portal is served at."""
    return door.url


@pytest.fixture
def portal(door: Door, flask_app: Flask, world: World, sandbox: SandboxServer) -> Iterator[Portal]:
    """Serve the portal with the demo world in it."""
    with portals.serve(door, flask_app) as portal:
        yield portal
        sandbox.wait_idle()


@pytest.fixture(scope="session")
def kept_sign_ins() -> Cookies:
    """Keep who is signed in, so that one journey in many types a password."""
    return {}


@pytest.fixture
def context_settings() -> dict[str, Any]:
    """Answer how the browsers of a journey are set up; journeys override this."""
    return {}


@pytest.fixture
def meet(
    browser: Browser,
    portal: Portal,
    sandbox: SandboxServer,
    kept_sign_ins: Cookies,
    context_settings: dict[str, Any],
    request: pytest.FixtureRequest,
) -> Iterator[Meet]:
    """Give people browsers of their own; what these complained of fails the journey."""
    met = request.node.stash[PEOPLE] = []

    def meet(user: User, tenant: Tenant) -> Payer:
        person = Payer(
            browser,
            portal.url,
            sandbox.url,
            user.email,
            str(tenant.uuid),
            kept_sign_ins,
            context_settings,
        )
        met.append(person)
        return person

    yield meet
    for person in met:
        person.leaves()
    assert [complaint for person in met for complaint in person.complaints.heard] == []


@pytest.fixture
def payer(meet: Meet, world: World) -> Payer:
    """Answer Tara in a browser that never signed in."""
    return meet(world.tara, world.globex)


@pytest.fixture
def alice(meet: Meet, world: World) -> Payer:
    """Answer the owner of the app, signed in."""
    alice = meet(world.alice, world.globex)
    alice.signs_in()
    return alice


@pytest.fixture
def tara(meet: Meet, world: World) -> Payer:
    """Answer the admin of Globex, signed in."""
    tara = meet(world.tara, world.globex)
    tara.signs_in()
    return tara


@pytest.fixture
def milo(meet: Meet, world: World) -> Payer:
    """Answer a member of Globex, signed in."""
    milo = meet(world.milo, world.globex)
    milo.signs_in()
    return milo


@pytest.fixture
def peter(meet: Meet, world: World) -> Payer:
    """Answer the admin of Initech, signed in."""
    peter = meet(world.peter, world.initech)
    peter.signs_in()
    return peter


@pytest.fixture
def time_passes(sandbox: SandboxServer, portal: Portal) -> Callable[[str], None]:
    """Let time pass at the providers and here, until all they told us has been looked at."""

    def time_passes(span: str) -> None:
        sandbox.advance(span)
        portal.worker.wait_idle()

    return time_passes


@pytest.fixture
def news_arrives(sandbox: SandboxServer, portal: Portal) -> Callable[[], None]:
    """Wait until what the providers have told us so far has been looked at, and what they told us
    of what we did then."""

    def news_arrives() -> None:
        seen = -1
        while seen != portal.worker.done:
            seen = portal.worker.done
            sandbox.wait_idle()
            portal.worker.wait_idle()

    return news_arrives


@pytest.fixture
def sweeps(portal: Portal) -> Callable[[], None]:
    """Do what the worker does every minute."""
    return portal.worker.sweep


@pytest.fixture
def saas(world: World) -> Iterator[Saas]:
    """Serve the app's own site, at an origin the app has registered."""
    with Saas().open() as site:
        origins.register(world.db, world.app, site.url)
        world.db.commit()
        yield site

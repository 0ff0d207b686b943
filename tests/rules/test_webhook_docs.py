"""What docs/webhooks.md says is so: its list of types, and the receiver that runs."""

from __future__ import annotations

import ast
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.billing.site import Site
from app.billing.webhooks import deliveries, endpoints, webhook_types
from app.models import checkout_session, subscription
from tests import ports, terminal, waiting
from tests.billing.telling import Telling, receivers
from tests.cast import World
from tests.rules.test_names import ROOT

RECEIVER = ROOT / "docs/examples/receiver.py"


def published(source: str) -> list[str]:
    """Answer each type that a file publishes, as far as its text tells."""
    return [
        given.value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("webhooks.publish")
        for argument in call.args[2:3]
        for given in ast.walk(argument)
        if isinstance(given, ast.Constant) and isinstance(given.value, str) and "." in given.value
        if not given.value.endswith(".")
    ]


@dataclass
class Program:
    """The receiver of the documentation, as its reader runs it."""

    secret: str
    file: Path

    def __post_init__(self) -> None:
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}/webhooks"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        env = {**os.environ, "WEBHOOK_SECRET": self.secret, "PORT": str(self.port)}
        self._terminal = terminal.start([sys.executable, str(RECEIVER)], self.file, env=env)
        waiting.until(self._listens, "the receiver has started")

    def stop(self) -> list[str]:
        """End it, and answer the lines it printed of events."""
        self._terminal.tell(signal.SIGTERM)
        self._terminal.ends()
        printed = self._terminal.said.splitlines()
        return [line for line in printed if line.startswith("subscription.")]

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def telling(world: World, site: Site) -> Iterator[Telling]:
    """Give the app of the demo world."""
    for receiver in receivers():
        yield Telling(world, site, receiver)


class TestTypes:
    def test_are_all_documented_and_no_others(self) -> None:
        page = (ROOT / "docs/webhooks.md").read_text()

        told = dict(re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", page, re.MULTILINE))

        assert told == webhook_types.TYPES

    def test_hold_everything_that_is_published(self) -> None:
        known = {*webhook_types.TYPES, *webhook_types.NOT_TOLD}

        sources = {path.name: published(path.read_text()) for path in (ROOT / "app").rglob("*.py")}
        literal = {name: types for name, types in sources.items() if types}

        assert {name: set(types) - known for name, types in literal.items()} == dict.fromkeys(
            literal, set()
        )
        assert literal

    def test_hold_every_state_of_what_they_are_about(self) -> None:
        named = {"complete": "completed", "active": "activated"}
        known = {*webhook_types.TYPES, *webhook_types.NOT_TOLD}

        told = {f"checkout.{named.get(state, state)}" for state in checkout_session.STATES}
        plans = {f"subscription.{named.get(state, state)}" for state in subscription.STATUSES}

        assert told | plans | {"subscription.processing"} <= known

    def test_are_read_from_calls(self) -> None:
        source = 'webhooks.publish(db, a, "b.c" if x else f"b.{y}", effect="d.e", now=now)'

        assert published(source) == ["b.c"]


class TestTheReceiver:
    def test_takes_each_event_once_and_nothing_unsigned(
        self, telling: Telling, site: Site, world: World, tmp_path: Path
    ) -> None:
        endpoints.remove(world.db, telling.endpoint, now=telling.now)
        program = Program("", tmp_path / "said.txt")
        endpoint, program.secret = endpoints.register(world.db, site, world.app, url=program.url)
        telling.happens("subscription.activated")
        telling.happens("subscription.canceled")
        program.start()

        telling.delivers()
        deliveries.resend(world.db, telling.rows()[0], now=telling.now)
        telling.delivers()
        endpoints.rotate_secret(world.db, site, endpoint)
        endpoint.old_secret_until = None
        telling.happens("subscription.changed")
        telling.delivers()
        lines = program.stop()

        tenant = str(world.globex.uuid)
        assert lines == [
            f"subscription.activated {tenant} active",
            f"subscription.canceled {tenant} active",
        ]
        answers = [attempt.response_status for attempt in telling.attempts()]
        assert answers == [204, 204, 204, 401]

"""The worker as it is run: it ends when its time is over, whoever it waits for."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app import processes
from app.billing.site import Site
from app.models import CheckoutSession
from config import Config
from tests import terminal, together
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.sandbox_server import SandboxServer
from tests.terminal import Terminal
from tests.waiting import PATIENCE_SECONDS

_PAUSE_SECONDS = 0.05


class Dawdler:
    """A provider whose answer comes letter by letter and has no end."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._leaving = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._talking = together.start(self._run)

    def stop(self) -> None:
        """Hang up."""
        self._leaving.set()
        # Wakes who waits for a caller, which a plain close does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._talking.answer()

    def _run(self) -> None:
        with suppress(OSError):
            caller, _ = self._listener.accept()
            with caller:
                caller.sendall(b"HTTP/1.1 200 OK\r\nX-Words: ")
                self.asked.set()
                while not self._leaving.wait(_PAUSE_SECONDS):
                    caller.sendall(b"a")


@pytest.fixture
def dawdler() -> Iterator[Dawdler]:
    dawdler = Dawdler()
    yield dawdler
    dawdler.stop()


@pytest.fixture
def worker(
    config: Config,
    dawdler: Dawdler,
    world: World,
    site: Site,
    sandbox: SandboxServer,
    tmp_path: Path,
) -> Iterator[Terminal]:
    """Give a worker that finds a purchase due at a provider that dawdles."""
    Buyer(world, site, sandbox, world.tara).buys()
    past = site.clock.now() - timedelta(days=1)
    world.db.execute(update(CheckoutSession).values(next_check_at=past))
    world.db.commit()
    others = {name: value for name, value in os.environ.items() if name not in Config.model_fields}
    own = config.model_copy(
        update={"QUEUE": "sqlite", "STRIPE_API_URL": dawdler.url, "STOP_SECONDS": 1}
    )
    settings = {name: str(value) for name, value in own.model_dump().items()}
    with terminal.running(
        processes.worker(), tmp_path / "said.txt", env={**others, **settings}
    ) as worker:
        yield worker


class TestAWorker:
    def test_waits_for_no_provider_when_its_time_is_over(
        self, worker: Terminal, dawdler: Dawdler
    ) -> None:
        worker.says("The worker begins")
        assert dawdler.asked.wait(PATIENCE_SECONDS)

        worker.tell(signal.SIGTERM)

        assert worker.ends() == 0
        assert "The worker has ended." in worker.said

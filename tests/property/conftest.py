"""Where lives are lived: a sandbox whose time stands still, and copies of one database."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.billing.site import Site
from app.db.engine import Database
from app.sandbox.serve import Server
from tests.cast import World
from tests.property.trouble import WatchedSite
from tests.sandbox_server import CALM_DAY, SandboxServer, serve_sandbox


class Day:
    """The day on which a life begins; its time only moves where the sandbox's clock is moved."""

    def __init__(self) -> None:
        self.moment = CALM_DAY

    def __call__(self) -> float:
        return self.moment.timestamp()


@dataclass(frozen=True)
class Stage:
    """What all lives of a test share; each begins on a copy of the demo world."""

    template: Path
    database: Database
    site: Site
    sandbox: SandboxServer
    day: Day

    def begin(self, moment: datetime) -> None:
        """Put everything back as it was at first, on a day."""
        self.day.moment = moment
        self.sandbox.reset()
        self.database.close()
        kept = Path(str(self.database.engine.url.database))
        for old in kept.parent.glob(f"{kept.name}*"):
            old.unlink()
        shutil.copyfile(self.template, kept)

    def watched(self) -> WatchedSite:
        """Answer the installation with its calls watched."""
        return WatchedSite(self.site.config, self.site.clock)


@pytest.fixture(scope="session")
def day() -> Day:
    """Answer the day of the life at hand."""
    return Day()


@pytest.fixture(scope="session")
def sandbox_of_worker(day: Day) -> Iterator[SandboxServer]:
    """Serve a sandbox whose time stands still."""
    with serve_sandbox(wall=day) as server:
        yield server


@pytest.fixture(scope="session")
def taker() -> Iterator[str]:
    """Take every webhook and do nothing with it: lives decide what arrives, and when."""
    server = Server(_take)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.url
    server.stop()
    thread.join()


@pytest.fixture
def public_url(taker: str) -> str:
    """Answer where the providers call."""
    return taker


@pytest.fixture
def stage(
    world: World,
    site: Site,
    sandbox: SandboxServer,
    day: Day,
    sqlite_folder: Path,
    engines: dict[str, Database],
) -> Iterator[Stage]:
    """Give what the lives of a test share."""
    template, copy = sqlite_folder / "world.sqlite3", f"sqlite:///{sqlite_folder}/life.sqlite3"
    template.unlink(missing_ok=True)
    connection = world.db.connection()
    connection.exec_driver_sql("COMMIT")
    connection.exec_driver_sql(f"VACUUM INTO '{template}'")
    connection.exec_driver_sql("BEGIN")
    world.db.rollback()
    database = engines.get(copy) or engines.setdefault(copy, Database(copy))
    yield Stage(template, database, site, sandbox, day)
    database.listeners.clear()
    database.close()


def _take(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b""]

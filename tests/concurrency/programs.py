"""The real programs on a test's database, each of which can be killed and started again."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from app import processes
from config import ROOT, Config
from tests import ports
from tests.waiting import PATIENCE_SECONDS

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Program:
    """One program, in a process group of its own."""

    command: list[str]
    config: Config
    said: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start it."""
        kept = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
        settings = {name: str(value) for name, value in self.config.model_dump().items()}
        with self.said.open("ab") as said:
            self.running.append(
                subprocess.Popen(
                    self.command,
                    cwd=ROOT,
                    env={**processes.ENVIRON, **kept, **settings},
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            )

    def kill(self) -> None:
        """End it at once, with every process it has."""
        for process in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE_SECONDS)
        self.running.clear()


_SETTINGS = frozenset(Config.model_fields)


class Web(Program):
    """A web server as production runs it, at a port of its own."""

    def __init__(self, config: Config, said: Path) -> None:
        own = config.model_copy(update={"PORT": ports.free(), "WEB_WORKERS": 1, "WEB_THREADS": 16})
        super().__init__(processes.web(own), own, said)

    def is_ready(self) -> bool:
        """Answer whether it takes requests."""
        try:
            with _OPENER.open(f"http://127.0.0.1:{self.config.PORT}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False


class Worker(Program):
    """A worker as production runs it."""

    def __init__(self, config: Config, said: Path) -> None:
        super().__init__(
            processes.worker(),
            config.model_copy(update={"WORKER_THREADS": 3, "EVENT_THREADS": 2}),
            said,
        )

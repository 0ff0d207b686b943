"""Portico as a person runs it: `flask demo run` on ports and a database of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from config import ROOT, Config
from tests import ports, terminal
from tests.terminal import Terminal
from tests.waiting import PATIENCE_SECONDS

_FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


class Installation:
    """One folder with its database; it can be started and stopped again and again."""

    def __init__(self, folder: Path) -> None:
        self.port, self.sandbox_port, smtp_port = (ports.free() for _ in range(3))
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self._env = {name: value for name, value in os.environ.items() if not _is_ours(name)} | {
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "SMTP_PORT": str(smtp_port),
            "DATABASE_URL": f"sqlite:///{folder / 'portico.sqlite3'}",
        }
        self._file = folder / "said.txt"
        self._terminal: Terminal | None = None

    def start(self) -> str:
        """Start the three programs and answer the portal link that is printed."""
        before = len(self._file.read_text()) if self._file.exists() else 0
        self._terminal = terminal.start([*_FLASK, "demo", "run"], self._file, env=self._env)
        printed = re.search(r"http\S+/link/\S+", self._terminal.says("/link/", after=before))
        assert printed is not None
        return printed[0]

    def stop(self) -> int:
        """End it as a terminal that is closed does, and answer its status."""
        assert self._terminal is not None
        self._terminal.tell(signal.SIGTERM)
        return self._terminal.ends()

    def kill(self) -> None:
        """End whatever of it still runs."""
        if self._terminal is not None:
            self._terminal.kill()

    def is_running(self) -> bool:
        """Answer whether any program of it is left."""
        return self._terminal is not None and self._terminal.is_running()

    def show(self) -> dict[str, Any]:
        """Answer what `flask demo show` prints."""
        shown: dict[str, Any] = json.loads(self._flask("demo", "show"))
        return shown

    def reset(self) -> None:
        """Put the demo world back as it was."""
        self._flask("demo", "reset")

    def _flask(self, *words: str) -> str:
        done = subprocess.run(
            [*_FLASK, *words],
            cwd=ROOT,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def _is_ours(name: str) -> bool:
    return name in Config.model_fields or name.startswith(("SANDBOX_", "FLASK_"))

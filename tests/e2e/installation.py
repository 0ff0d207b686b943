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
from tests import ports

_STOP_SECONDS = 30
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
        self._terminal: subprocess.Popen[str] | None = None
        self.said: list[str] = []

    def start(self) -> str:
        """Start the three programs and answer the portal link that is printed."""
        self._terminal = subprocess.Popen(
            [*_FLASK, "demo", "run"],
            cwd=ROOT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A group of its own, so that whatever is left of it can be found.
            start_new_session=True,
        )
        assert self._terminal.stdout is not None
        for line in self._terminal.stdout:
            self.said.append(line)
            printed = re.search(r"http\S+/link/\S+", line)
            if printed:
                return printed[0]
        raise AssertionError("".join(self.said))

    def stop(self) -> int:
        """End it as a terminal that is closed does, and answer its status."""
        assert self._terminal is not None
        self._terminal.send_signal(signal.SIGTERM)
        rest, _ = self._terminal.communicate(timeout=_STOP_SECONDS)
        self.said.append(rest)
        return self._terminal.returncode

    def kill(self) -> None:
        """End whatever of it still runs."""
        if self.is_running():
            assert self._terminal is not None
            os.killpg(self._terminal.pid, signal.SIGKILL)
            self._terminal.communicate(timeout=_STOP_SECONDS)

    def is_running(self) -> bool:
        """Answer whether any program of it is left."""
        try:
            os.killpg(self._terminal.pid if self._terminal else 0, 0)
        except ProcessLookupError:
            return False
        return self._terminal is not None

    def show(self) -> dict[str, Any]:
        """Answer what `flask demo show` prints."""
        shown: dict[str, Any] = json.loads(self._flask("demo", "show"))
        return shown

    def reset(self) -> None:
        """Put the demo world back as it was."""
        self._flask("demo", "reset")

    def _flask(self, *words: str) -> str:
        done = subprocess.run(
            [*_FLASK, *words], cwd=ROOT, env=self._env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def _is_ours(name: str) -> bool:
    return name in Config.model_fields or name.startswith(("SANDBOX_", "FLASK_"))

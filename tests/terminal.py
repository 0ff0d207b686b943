"""A program as a terminal runs it. What it says stands in a file, where a test waits for words.

Not in a pipe: one that nobody empties stops the program, and one that a child of the program still
holds has no end.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config import ROOT
from tests import waiting


@dataclass
class Terminal:
    """A program that was started, in a process group of its own."""

    process: subprocess.Popen[bytes]
    file: Path

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self.file.read_text(errors="replace")

    def says(self, *words: str, after: int = 0) -> str:
        """Wait until it has said each of these, not counting the first `after` letters, and answer
        the whole lines since then."""
        try:
            waiting.until(
                lambda: _has(self._since(after), words) or self.process.poll() is not None,
                f"it says {words}",
            )
        except AssertionError as late:
            raise AssertionError(f"{late}; it said: {self.said}") from None
        said = self._since(after)
        assert _has(said, words), f"it ended and did not say {words}: {self.said}"
        return said

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ends(self) -> int:
        """Wait for its end, and answer its status."""
        return self.process.wait(waiting.PATIENCE_SECONDS)

    def is_running(self) -> bool:
        """Answer whether any process of it is left."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End it at once, with every process it has."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(waiting.PATIENCE_SECONDS)

    def _since(self, after: int) -> str:
        said = self.said[after:]
        return said[: said.rfind("\n") + 1]


def start(
    command: Sequence[str], file: Path, *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Terminal:
    """Start a program; what it says is added to a file."""
    with file.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=output, stderr=output, start_new_session=True
        )
    return Terminal(process, file)


@contextmanager
def running(
    command: Sequence[str], file: Path, *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run a program for the length of a `with` block at most."""
    terminal = start(command, file, cwd=cwd, env=env)
    try:
        yield terminal
    finally:
        terminal.kill()


def _has(said: str, words: Sequence[str]) -> bool:
    return all(word in said for word in words)

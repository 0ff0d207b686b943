"""Runs portal, sandbox and worker in one terminal, and ends them together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import click

from config import Config

_READY_SECONDS = 60
_STOP_SECONDS = 8
_LOOK_SECONDS = 0.1
# Each thread would get an arena of its own from glibc, which costs a server of 32 threads 10 MB.
ENVIRON = {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}
_LEAVE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PortTaken(Exception):
    """Something else listens where a program would; the text says what to do."""


def run(config: Config, prepare: Callable[[], object], announce: Callable[[], str]) -> int:
    """Run the three until one ends or we are told to leave; answer the exit status.

    Calls `prepare` once the sandbox was started, before the others are, and prints what `announce`
    returns once the portal is ready. Raises PortTaken before any start.
    """
    for setting in ("PORT", "SANDBOX_PORT", "SMTP_PORT"):
        _refuse_taken(setting, getattr(config, setting))
    # The sandbox shares no settings with us; what it keeps stands beside the embedded database.
    os.environ["SMTP_PORT"] = str(config.SMTP_PORT)
    os.environ.setdefault("SANDBOX_STATE", str(config.folder / "sandbox.sqlite3"))
    ready_url = f"http://127.0.0.1:{config.PORT}/readyz"
    return watch(programs(config), ready_url, announce, after={"sandbox": prepare})


def programs(config: Config) -> dict[str, list[str]]:
    """Answer the command line of each program by its name."""
    portal = f"granian --interface wsgi --host 127.0.0.1 --port {config.PORT}"
    worker = "huey.bin.huey_consumer app.jobs.huey --workers 6 --max-delay 0.5"
    modules = {
        "sandbox": "app.sandbox",
        "portal": f"{portal} --blocking-threads 32 --log-level warning wsgi:application",
        "worker": f"{worker} --graceful-signal TERM --shutdown-timeout 5",
    }
    return {name: [sys.executable, "-m", *words.split()] for name, words in modules.items()}


def watch(
    commands: Mapping[str, Sequence[str]],
    ready_url: str,
    announce: Callable[[], str],
    after: Mapping[str, Callable[[], object]] | None = None,
) -> int:
    """Start the commands, announce them when `ready_url` answers, and end all when one ends.

    `after` is what to do once a command was started, before the next one is.
    """
    children: dict[str, subprocess.Popen[str]] = {}
    with _told_to_leave() as leaving:
        try:
            for name, command in commands.items():
                children[name] = _start(name, command)
                if after and name in after:
                    after[name]()
            return _wait(children, leaving, ready_url, announce)
        finally:
            _stop(children.values())


def _refuse_taken(setting: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise PortTaken(
                f"Port {port} is taken by another program. Choose another: {setting}={port + 1}."
            ) from None


def _wait(
    children: Mapping[str, subprocess.Popen[str]],
    leaving: threading.Event,
    ready_url: str,
    announce: Callable[[], str],
) -> int:
    announced = False
    deadline = time.monotonic() + _READY_SECONDS
    while not leaving.wait(_LOOK_SECONDS):
        for name, child in children.items():
            if child.poll() is not None:
                click.echo(f"{name} ended with status {child.returncode}; stopping the others.")
                return 1
        if announced:
            continue
        if _answers(ready_url):
            click.echo(announce())
            announced = True
        elif time.monotonic() > deadline:
            click.echo(f"{ready_url} was not ready within {_READY_SECONDS} seconds; stopping.")
            return 1
    return 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _start(name: str, command: Sequence[str]) -> subprocess.Popen[str]:
    # The children stay in our process group, so that a signal to the group reaches each of them.
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**ENVIRON, **os.environ},
        text=True,
        errors="replace",
    )
    threading.Thread(target=_relay, args=(name, child), daemon=True).start()
    return child


def _relay(name: str, child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    with child.stdout as lines:
        for line in lines:
            click.echo(f"{name:8}| {line}", nl=False)


def _stop(children: Iterable[subprocess.Popen[str]]) -> None:
    running = [child for child in children if child.poll() is None]
    for child in running:
        child.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for child in running:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def _told_to_leave() -> Iterator[threading.Event]:
    leaving = threading.Event()
    before = {number: signal.signal(number, lambda *_: leaving.set()) for number in _LEAVE}
    try:
        yield leaving
    finally:
        for number, action in before.items():
            signal.signal(number, action)

"""The programs of an installation: their command lines, and several of them in one terminal."""

from __future__ import annotations

import http.client
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

import click

from config import ROOT, Config

log = logging.getLogger(__name__)

_READY_SECONDS = 60
_STOP_SECONDS = 8
# Sooner than we lose patience with the demo's web server, whose processes would outlive it.
_KILL_SECONDS = 5
_LOOK_SECONDS = 0.1
# Each thread would get an arena of its own from glibc, which costs a server of 32 threads 10 MB.
ENVIRON = {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}
_ANY_HOST = ("0.0.0.0", "::")
_LEAVE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PortTaken(Exception):
    """Something else listens where a program would; the text says what to do."""


def run(config: Config, prepare: Callable[[], object], announce: Callable[[], str]) -> int:
    """Run portal, sandbox and worker until one ends or we are told to leave; answer the status.

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


def serve(config: Config) -> int:
    """Run web server and worker until one ends or we are told to leave; answer the exit status.

    They write to our own outputs. Raises PortTaken before any start.
    """
    _refuse_taken("PORT", config.PORT)
    commands = {"web": web(config), "worker": worker()}
    host = "127.0.0.1" if config.WEB_HOST in _ANY_HOST else config.WEB_HOST
    return watch(
        commands,
        f"http://{host}:{config.PORT}/healthz",
        lambda: f"Serving {config.PUBLIC_URL} on {config.WEB_HOST}:{config.PORT}.",
        say=log.info,
        relays=False,
        stop_seconds=config.STOP_SECONDS + _STOP_SECONDS,
    )


def become(command: list[str]) -> NoReturn:
    """Run a command in place of this process, so that whoever started us has it at hand."""
    os.execve(command[0], command, {**ENVIRON, **os.environ})


def leave_with_parent(seconds: float) -> None:
    """Have this process end where the one that started it does, with `seconds` to finish what is at
    hand; a process nobody started by `multiprocessing` goes on.

    The processes of the web server would otherwise keep its port when it is killed.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(seconds)
        os._exit(1)

    threading.Thread(target=follow, daemon=True, name="parent").start()


def web(config: Config) -> list[str]:
    """Answer the command line of the web server: processes of threads. Told to leave, it takes no
    more and lets the requests at hand finish for STOP_SECONDS."""
    words = (
        f"granian --interface wsgi --no-ws --host {config.WEB_HOST} --port {config.PORT}"
        f" --workers {config.WEB_WORKERS} --blocking-threads {config.WEB_THREADS}"
        f" --respawn-failed-workers --workers-kill-timeout {config.STOP_SECONDS}"
    ).split()
    if config.LOG_FORMAT == "json":
        words += ["--log-config", str(ROOT / "app/logs/granian.json")]
    return [sys.executable, "-m", *words, "wsgi:application"]


def worker() -> list[str]:
    """Answer the command line of the worker. Told to leave, it lets the jobs at hand finish for
    STOP_SECONDS; what is lost then is done by the next sweep."""
    return [sys.executable, "-m", "app.worker"]


def programs(config: Config) -> dict[str, list[str]]:
    """Answer the command line of each program of the demo by its name."""
    portal = (
        f"granian --interface wsgi --host 127.0.0.1 --port {config.PORT}"
        " --blocking-threads 32 --respawn-failed-workers"
        f" --workers-kill-timeout {_KILL_SECONDS} --log-level error wsgi:application"
    )
    return {
        "sandbox": [sys.executable, "-m", "app.sandbox"],
        "portal": [sys.executable, "-m", *portal.split()],
        "worker": worker(),
    }


def watch(
    commands: Mapping[str, Sequence[str]],
    ready_url: str,
    announce: Callable[[], str],
    after: Mapping[str, Callable[[], object]] | None = None,
    *,
    say: Callable[[str], object] = click.echo,
    relays: bool = True,
    stop_seconds: float = _STOP_SECONDS,
) -> int:
    """Start the commands, announce them when `ready_url` answers, and end all when one ends. One
    that is killed, as a machine short of memory does, is started again.

    `after` is what to do once a command was started, before the next one is. What the programs say
    is relayed with their names unless they shall use our own outputs.
    """
    children: dict[str, subprocess.Popen[str]] = {}

    def start(name: str) -> None:
        children[name] = _start(name, commands[name], relays=relays)

    with _told_to_leave() as leaving:
        try:
            for name in commands:
                start(name)
                if after and name in after:
                    after[name]()
            return _wait(children, start, leaving, ready_url, announce, say)
        finally:
            _stop(children.values(), stop_seconds)


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
    start: Callable[[str], None],
    leaving: _Leaving,
    ready_url: str,
    announce: Callable[[], str],
    say: Callable[[str], object],
) -> int:
    announced = False
    deadline = time.monotonic() + _READY_SECONDS
    while not leaving.wait(_LOOK_SECONDS):
        for name, child in list(children.items()):
            if child.poll() == -signal.SIGKILL:
                say(f"{name} was killed; starting it again.")
                start(name)
            elif child.poll() is not None:
                say(f"{name} ended with status {child.returncode}; stopping the others.")
                return 1
        if announced:
            continue
        if _answers(ready_url):
            say(announce())
            announced = True
        elif time.monotonic() > deadline:
            say(f"{ready_url} was not ready within {_READY_SECONDS} seconds; stopping.")
            return 1
    return 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except (OSError, http.client.HTTPException):
        return False


def _start(name: str, command: Sequence[str], *, relays: bool) -> subprocess.Popen[str]:
    # The children stay in our process group, so that a signal to the group reaches each of them.
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if relays else None,
        stderr=subprocess.STDOUT if relays else None,
        env={**ENVIRON, **os.environ},
        text=True,
        errors="replace",
    )
    if relays:
        threading.Thread(target=_relay, args=(name, child), daemon=True).start()
    return child


def _relay(name: str, child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    with child.stdout as lines:
        for line in lines:
            # Where nobody listens any more we read on: who writes to a full pipe stands still.
            with suppress(OSError, ValueError):
                click.echo(f"{name:8}| {line}", nl=False)


def _stop(children: Iterable[subprocess.Popen[str]], seconds: float) -> None:
    running = [child for child in children if child.poll() is None]
    for child in running:
        child.terminate()
    deadline = time.monotonic() + seconds
    for child in running:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class _Leaving:
    """Whether we were told to leave. No `threading.Event`: its lock may be held by the very thread
    that a signal interrupts, which would then wait for itself."""

    _is_told = False

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self._is_told = True

    def wait(self, seconds: float) -> bool:
        """Wait a moment, and answer whether we were told."""
        time.sleep(seconds)
        return self._is_told


@contextmanager
def _told_to_leave() -> Iterator[_Leaving]:
    leaving = _Leaving()
    # Whoever starts us by `nohup` wants us to outlive the terminal, and has said so this way.
    stays = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    heard = [number for number in _LEAVE if not (stays and number == signal.SIGHUP)]
    before = {number: signal.signal(number, leaving.note) for number in heard}
    try:
        yield leaving
    finally:
        for number, action in before.items():
            signal.signal(number, action)

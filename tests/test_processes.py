"""Three programs in one terminal: they start together, are announced once, and end together."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app import processes
from config import Config
from tests import databases, ports

ROOT = Path(__file__).parent.parent

PORTAL = """
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words):
        pass
print("portal is", os.getpid())
http.server.HTTPServer(("127.0.0.1", PORT), Page).serve_forever()
"""
WORKER = """
import os, threading
print("worker is", os.getpid())
threading.Event().wait()
"""
FAILING = "raise SystemExit(3)"


@pytest.fixture
def port() -> int:
    return ports.free()


def start(port: int, **programs: str) -> subprocess.Popen[str]:
    """Start a runner of its own, whose programs are these lines of Python."""
    commands = {
        name: [sys.executable, "-c", lines.replace("PORT", str(port))]
        for name, lines in programs.items()
    }
    runner = textwrap.dedent(f"""
        import sys
        from app import processes
        sys.exit(processes.watch({commands!r}, "http://127.0.0.1:{port}/", lambda: "It is here."))
    """)
    return subprocess.Popen(
        [sys.executable, "-c", runner], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def read_until(runner: subprocess.Popen[str], *texts: str) -> list[str]:
    """Read the runner's lines until each text was said."""
    assert runner.stdout is not None
    seen: list[str] = []
    for line in runner.stdout:
        seen.append(line)
        if all(any(text in said for said in seen) for text in texts):
            return seen
    raise AssertionError(f"not all of {texts} were said: {seen}")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestWatch:
    @pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_ends_every_program_when_told_to_leave(self, port: int, told: signal.Signals) -> None:
        runner = start(port, portal=PORTAL, worker=WORKER)
        said = read_until(runner, "portal is", "worker is", "It is here.")
        children = [int(line.split()[-1]) for line in said if "|" in line]

        runner.send_signal(told)
        runner.communicate(timeout=20)

        assert runner.returncode == 0
        assert len(children) == 2
        assert not any(is_running(pid) for pid in children)

    def test_starts_one_again_that_was_killed(self, port: int) -> None:
        runner = start(port, portal=PORTAL, worker=WORKER)
        said = read_until(runner, "worker is", "It is here.")
        (worker,) = (int(line.split()[-1]) for line in said if "worker is" in line)

        os.kill(worker, signal.SIGKILL)
        again = read_until(runner, "worker is")

        runner.terminate()
        runner.communicate(timeout=20)
        assert "worker was killed; starting it again.\n" in again
        assert runner.returncode == 0

    def test_ends_the_others_when_one_ends(self, port: int) -> None:
        runner = start(port, worker=WORKER, portal=FAILING)

        said, _ = runner.communicate(timeout=20)

        assert "portal ended with status 3; stopping the others." in said
        assert runner.returncode == 1


SLOW = """
import time

def application(environ, start):
    if environ["PATH_INFO"] == "/slow":
        print("a request is at hand", flush=True)
        time.sleep(0.7)
    start("200 OK", [("Content-Length", "5")])
    return [b"whole"]
"""


@pytest.fixture
def slow_server(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a web server as it is run in production, whose requests take a while."""
    (tmp_path / "slow.py").write_text(SLOW)
    config = Config(PORT=port, WEB_WORKERS=2, WEB_THREADS=4, LOG_FORMAT="json", STOP_SECONDS=10)
    server = subprocess.Popen(
        [*processes.web(config)[:-1], "slow:application"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield server
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.communicate()


class TestWeb:
    def test_lets_a_request_at_hand_finish_when_told_to_leave(
        self, port: int, slow_server: subprocess.Popen[str]
    ) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def ask(path: str) -> tuple[int, bytes]:
            with opener.open(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
                return answer.status, answer.read()

        read_until(slow_server, "Started worker-1", "Started worker-2")

        with ThreadPoolExecutor(1) as elsewhere:
            asked = elsewhere.submit(ask, "/slow")
            read_until(slow_server, "a request is at hand")
            slow_server.terminate()
            answered = asked.result(20)
        said, _ = slow_server.communicate(timeout=20)

        assert answered == (200, b"whole")
        assert slow_server.returncode == 0
        assert all(json.loads(line)["logger"].startswith("_granian") for line in said.splitlines())
        with pytest.raises(OSError):
            ask("/")

    def test_is_as_large_as_the_settings_say(self) -> None:
        config = Config(WEB_HOST="0.0.0.0", PORT=5077, WEB_WORKERS=3, WEB_THREADS=24)

        command = " ".join(processes.web(config))

        assert "--host 0.0.0.0 --port 5077 --workers 3 --blocking-threads 24" in command
        assert command.endswith("wsgi:application")


class TestPrograms:
    @pytest.mark.parametrize("program", ["web", "worker", "serve"])
    def test_are_stopped_by_one_sentence(self, program: str) -> None:
        stopped = subprocess.run(
            [sys.executable, "-m", "app", program],
            cwd=ROOT,
            env={**os.environ, "PORTICO_ENV": "production", "SECRET_KEY": ""},
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert stopped.returncode == 1
        assert stopped.stderr.startswith("Error: SECRET_KEY must be set in production")
        assert stopped.stderr.count("\n") == 1

    def test_of_production_end_together(self, port: int, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'portico.sqlite3'}"
        databases.migrate(url)
        kept = {
            name: value for name, value in os.environ.items() if name not in Config.model_fields
        }
        settings = {"DATABASE_URL": url, "DEMO": "0", "PORT": str(port), "LOG_FORMAT": "json"}
        programs = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=ROOT,
            env={**kept, **settings, "WEB_WORKERS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = read_until(programs, "Serving http", "The worker begins")

        programs.terminate()
        rest, _ = programs.communicate(timeout=30)

        lines = [json.loads(line) for line in [*said, *rest.splitlines()]]
        assert programs.returncode == 0
        assert "The worker has ended." in [line["message"] for line in lines]


class TestRun:
    def test_says_which_port_is_taken_before_it_starts_anything(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]

            with pytest.raises(processes.PortTaken, match=f"Port {taken} is taken.*PORT="):
                processes.run(Config(PORT=taken), lambda: None, lambda: "")


class TestDemo:
    def test_serves_the_portal_on_the_port_asked_for(self) -> None:
        commands = processes.programs(Config(PORT=5077))

        assert list(commands) == ["sandbox", "portal", "worker"]
        assert "5077" in commands["portal"]

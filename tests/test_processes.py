"""Three programs in one terminal: they start together, are announced once, and end together."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from app import processes
from config import Config
from tests import databases, ports, terminal, together
from tests.terminal import Terminal
from tests.waiting import PATIENCE_SECONDS, until

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
http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Page).serve_forever()
"""
WORKER = """
import os, threading
print("worker is", os.getpid())
threading.Event().wait()
"""
FAILING = "raise SystemExit(3)"
TALKING = """
import pathlib
for _ in range(20_000):
    print("so much to say", flush=True)
pathlib.Path("FOLDER/told").touch()
import threading
threading.Event().wait()
"""
# Wherever this program waits, it is told to leave on each line of that.
TELLING = """
import signal
def tell(frame, event, argument):
    if frame.f_code.co_name == "wait":
        signal.raise_signal(signal.SIGTERM)
    return tell
sys.settrace(tell)
"""
# As `nohup` leaves it to what it starts.
UNHUNG = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
"""
# Its output leads to a pipe that nobody reads from any more.
DEAF = """
import os
nobody, everybody = os.pipe()
os.dup2(everybody, 1)
os.close(nobody)
"""


@pytest.fixture
def port() -> int:
    return ports.free()


def running(
    folder: Path, port: int, *, before: str = "", **programs: str
) -> AbstractContextManager[Terminal]:
    """Run a runner of its own, whose programs are these lines of Python; `before` comes first."""
    commands = {
        name: [
            sys.executable,
            "-c",
            lines.replace("PORT", str(port)).replace("FOLDER", str(folder)),
        ]
        for name, lines in programs.items()
    }
    runner = f"""
import sys
from app import processes
{before}
sys.exit(processes.watch({commands!r}, "http://127.0.0.1:{port}/", lambda: "It is here."))
"""
    return terminal.running([sys.executable, "-c", runner], folder / "said.txt")


def listens(port: int) -> bool:
    """Answer whether somebody takes calls at a port."""
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS):
            return True
    except OSError:
        return False


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestWatch:
    @pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_ends_every_program_when_told_to_leave(
        self, port: int, tmp_path: Path, told: signal.Signals
    ) -> None:
        with running(tmp_path, port, portal=PORTAL, worker=WORKER) as runner:
            said = runner.says("portal is", "worker is", "It is here.").splitlines()
            children = [int(line.split()[-1]) for line in said if "|" in line]

            runner.tell(told)

            assert runner.ends() == 0
            assert len(children) == 2
            assert not any(is_running(pid) for pid in children)

    def test_can_be_told_at_any_moment(self, port: int, tmp_path: Path) -> None:
        with running(tmp_path, port, before=TELLING, worker=WORKER) as runner:
            assert runner.ends() == 0

    def test_outlives_its_terminal_where_it_was_started_to(self, port: int, tmp_path: Path) -> None:
        with running(tmp_path, port, before=UNHUNG, portal=PORTAL, worker=WORKER) as runner:
            said = runner.says("worker is", "It is here.")
            (worker,) = (int(line.split()[-1]) for line in said.splitlines() if "worker is" in line)

            runner.tell(signal.SIGHUP)
            os.kill(worker, signal.SIGKILL)

            # It still looks after its programs.
            assert "worker is" in runner.says("worker is", after=len(said))
            runner.tell(signal.SIGTERM)
            assert runner.ends() == 0

    def test_reads_on_where_nobody_listens_to_it(self, port: int, tmp_path: Path) -> None:
        with running(tmp_path, port, before=DEAF, worker=TALKING) as runner:
            until((tmp_path / "told").exists, "the worker has said everything")

            runner.tell(signal.SIGTERM)
            runner.ends()

    def test_starts_one_again_that_was_killed(self, port: int, tmp_path: Path) -> None:
        with running(tmp_path, port, portal=PORTAL, worker=WORKER) as runner:
            said = runner.says("worker is", "It is here.")
            (worker,) = (int(line.split()[-1]) for line in said.splitlines() if "worker is" in line)

            os.kill(worker, signal.SIGKILL)
            again = runner.says("worker is", after=len(said))

            runner.tell(signal.SIGTERM)
            assert "worker was killed; starting it again.\n" in again
            assert runner.ends() == 0

    def test_ends_the_others_when_one_ends(self, port: int, tmp_path: Path) -> None:
        with running(tmp_path, port, worker=WORKER, portal=FAILING) as runner:
            assert runner.ends() == 1
            assert "portal ended with status 3; stopping the others." in runner.said


SLOW = """
import os, time
from app import processes

processes.leave_with_parent(60)

def application(environ, start):
    if environ["PATH_INFO"] == "/slow":
        print("a request is at hand", flush=True)
        while not os.path.exists("go-on"):
            time.sleep(0.02)
    start("200 OK", [("Content-Length", "5")])
    return [b"whole"]
"""


@pytest.fixture
def slow_server(port: int, tmp_path: Path) -> Iterator[Terminal]:
    """Give a web server as it is run in production, whose requests take until a file `go-on` is
    there."""
    (tmp_path / "slow.py").write_text(SLOW)
    config = Config(PORT=port, WEB_WORKERS=2, WEB_THREADS=4, LOG_FORMAT="json", STOP_SECONDS=60)
    command = [*processes.web(config)[:-1], "slow:application"]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "PYTHONUNBUFFERED": "1"}
    with terminal.running(command, tmp_path / "said.txt", cwd=tmp_path, env=env) as server:
        yield server


class TestWeb:
    def test_lets_a_request_at_hand_finish_when_told_to_leave(
        self, port: int, slow_server: Terminal, tmp_path: Path
    ) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def ask(path: str) -> tuple[int, bytes]:
            url = f"http://127.0.0.1:{port}{path}"
            with opener.open(url, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.read()

        slow_server.says("Started worker-1", "Started worker-2")

        asked = together.start(lambda: ask("/slow"))
        before = slow_server.says("a request is at hand")
        slow_server.tell(signal.SIGTERM)
        slow_server.says("Stopping worker", after=len(before))
        (tmp_path / "go-on").touch()

        assert asked.answer() == (200, b"whole")
        assert slow_server.ends() == 0
        said = slow_server.said[len(before) :].splitlines()
        assert all(json.loads(line)["logger"].startswith("_granian") for line in said)
        with pytest.raises(OSError):
            ask("/")

    def test_leaves_no_process_behind_when_it_is_killed(
        self, port: int, slow_server: Terminal
    ) -> None:
        slow_server.says("Started worker-1", "Started worker-2")

        slow_server.tell(signal.SIGKILL)

        slow_server.ends()
        until(lambda: not listens(port), "nobody listens at its port")

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
            timeout=PATIENCE_SECONDS,
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
        command = [sys.executable, "-m", "app", "serve"]
        env = {**kept, **settings, "WEB_WORKERS": "1"}
        with terminal.running(command, tmp_path / "said.txt", env=env) as programs:
            programs.says("Serving http", "The worker begins")

            programs.tell(signal.SIGTERM)

            assert programs.ends() == 0
            lines = [json.loads(line) for line in programs.said.splitlines()]
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

    def test_ends_the_portals_processes_before_it_loses_patience(self) -> None:
        command = processes.programs(Config())["portal"]

        patience = int(command[command.index("--workers-kill-timeout") + 1])

        assert patience < processes._STOP_SECONDS

"""Three programs in one terminal: they start together, are announced once, and end together."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from app import processes
from config import Config

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
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


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

    def test_ends_the_others_when_one_ends(self, port: int) -> None:
        runner = start(port, worker=WORKER, portal=FAILING)

        said, _ = runner.communicate(timeout=20)

        assert "portal ended with status 3; stopping the others." in said
        assert runner.returncode == 1


class TestRun:
    def test_says_which_port_is_taken_before_it_starts_anything(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]

            with pytest.raises(processes.PortTaken, match=f"Port {taken} is taken.*PORT="):
                processes.run(Config(PORT=taken), lambda: None, lambda: "")


class TestPrograms:
    def test_serves_the_portal_on_the_port_asked_for(self) -> None:
        commands = processes.programs(Config(PORT=5077))

        assert list(commands) == ["sandbox", "portal", "worker"]
        assert "5077" in commands["portal"]

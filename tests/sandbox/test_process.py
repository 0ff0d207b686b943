"""`python -m app.sandbox`: starts, keeps its state through a kill, ends cleanly."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
import stripe

from config import ROOT
from tests import terminal
from tests.terminal import Terminal
from tests.waiting import PATIENCE_SECONDS

Running = Callable[..., AbstractContextManager[tuple[Terminal, str]]]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """Answer a way to run it on a free port, which gives the program and the URL it prints."""

    @contextmanager
    def running(**settings: str) -> Iterator[tuple[Terminal, str]]:
        file = tmp_path / "said.txt"
        file.unlink(missing_ok=True)
        command = [sys.executable, "-W", "error", "-m", "app.sandbox"]
        env = {**os.environ, "SANDBOX_PORT": "0", **settings}
        with terminal.running(command, file, env=env) as program:
            yield program, program.says("listens on").rpartition(" ")[2].strip()

    return running


def customers(url: str) -> stripe.CustomerService:
    client = stripe.StripeClient("sk_test_sandbox_process", base_addresses={"api": f"{url}/stripe"})
    return client.v1.customers


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_without_complaint(
    running: Running, number: signal.Signals
) -> None:
    with running() as (program, url):
        host = url.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=PATIENCE_SECONDS)) as kept_open:
            kept_open.request("GET", "/control/clock")
            assert kept_open.getresponse().read()

            program.tell(number)
            status = program.ends()

        assert (status, program.said) == (0, f"The sandbox listens on {url}\n")


def test_a_kill_loses_nothing_that_was_answered(running: Running, tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    with running(SANDBOX_STATE=state) as (program, url):
        made = customers(url).create({"name": "Globex"})
        program.kill()

    with running(SANDBOX_STATE=state) as (_, url):
        assert customers(url).retrieve(made.id).name == "Globex"


@pytest.mark.parametrize("setting", ["SANDBOX_PORT", "SMTP_PORT"])
def test_a_port_that_is_taken_or_no_port_is_said_in_one_sentence(
    running: Running, setting: str
) -> None:
    with running() as (_, url):
        port = url.rpartition(":")[2]
        for value in (port, "many"):
            others = {"SANDBOX_PORT": "0", "SMTP_PORT": "0"}
            refused = subprocess.run(
                [sys.executable, "-m", "app.sandbox"],
                cwd=ROOT,
                env={**os.environ, **others, setting: value},
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
            )
            assert refused.returncode != 0
            assert value in refused.stderr
            assert len(refused.stderr.splitlines()) == 1


def test_a_state_that_cannot_be_kept_is_said_in_one_sentence(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "app.sandbox"],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_PORT": "0", "SANDBOX_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )

    assert refused.returncode == 1
    assert str(tmp_path) in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_several_requests_use_one_connection(running: Running) -> None:
    with running() as (_, url):
        host = url.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=PATIENCE_SECONDS)) as connection:
            connection.request("GET", "/control/clock")
            connection.getresponse().read()
            first = connection.sock
            # A refused body is read all the same, or it would be taken for the next request.
            connection.request("POST", "/control/clock", body=b"x" * 10_000)
            assert connection.getresponse().read()
            connection.request("GET", "/control/clock")
            assert connection.getresponse().status == 200

            assert connection.sock is first


def test_a_body_too_large_is_refused(running: Running) -> None:
    with running() as (_, url):
        host = url.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=PATIENCE_SECONDS)) as connection:
            connection.putrequest("POST", "/stripe/v1/customers")
            connection.putheader("Content-Length", str(10**7))
            connection.endheaders()

            assert connection.getresponse().status == 413

"""`python -m app.sandbox`: starts, keeps its state through a kill, ends cleanly."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import stripe

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(**settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start it on a free port; gives the process and the URL it prints."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "app.sandbox"],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_PORT": "0", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield process, line.rpartition(" ")[2].strip()
    finally:
        process.kill()
        process.communicate()


def customers(url: str) -> stripe.CustomerService:
    client = stripe.StripeClient("sk_test_sandbox_process", base_addresses={"api": f"{url}/stripe"})
    return client.v1.customers


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_without_complaint(number: signal.Signals) -> None:
    with running() as (process, url):
        host = url.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=10)) as kept_open:
            kept_open.request("GET", "/control/clock")
            assert kept_open.getresponse().read()

            process.send_signal(number)
            _, complaints = process.communicate(timeout=10)

    assert (process.returncode, complaints) == (0, "")


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    with running(SANDBOX_STATE=state) as (process, url):
        made = customers(url).create({"name": "Globex"})
        process.kill()
        process.wait()

    with running(SANDBOX_STATE=state) as (_, url):
        assert customers(url).retrieve(made.id).name == "Globex"


@pytest.mark.parametrize("setting", ["SANDBOX_PORT", "SMTP_PORT"])
def test_a_port_that_is_taken_or_no_port_is_said_in_one_sentence(setting: str) -> None:
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
                timeout=30,
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
        timeout=30,
    )

    assert refused.returncode == 1
    assert str(tmp_path) in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_several_requests_use_one_connection() -> None:
    with running() as (_, url):
        host = url.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
            connection.request("GET", "/control/clock")
            connection.getresponse().read()
            first = connection.sock
            # A refused body is read all the same, or it would be taken for the next request.
            connection.request("POST", "/control/clock", body=b"x" * 10_000)
            assert connection.getresponse().read()
            connection.request("GET", "/control/clock")
            assert connection.getresponse().status == 200

            assert connection.sock is first


def test_a_body_too_large_is_refused() -> None:
    with running() as (_, url):
        host = url.removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
            connection.putrequest("POST", "/stripe/v1/customers")
            connection.putheader("Content-Length", str(10**7))
            connection.endheaders()

            assert connection.getresponse().status == 413

"""What a program says once its logs have begun: asked of a program of its own, since it is for a
whole process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT
from tests.waiting import PATIENCE_SECONDS

BEGIN = """
import logging, threading, warnings
import config
from app import logs
logs.begin(config.load())
log = logging.getLogger("app.billing.somewhere")
"""


def said(lines: str, folder: Path, **settings: str) -> list[str]:
    """Answer what a program of these lines writes to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + lines],
        cwd=ROOT,
        env={"DATABASE_URL": f"sqlite:///{folder / 'portico.sqlite3'}", **settings},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


class TestBegin:
    def test_writes_for_people_in_development(self, tmp_path: Path) -> None:
        (line,) = said("log.info('two mails wait')", tmp_path)

        assert line.endswith("INFO    app.billing.somewhere: two mails wait")

    def test_writes_json_in_production(self, tmp_path: Path) -> None:
        production = {
            "PORTICO_ENV": "production",
            "PUBLIC_URL": "https://billing.example.com",
            "SECRET_KEY": "only-for-tests-" * 4,
            "ENCRYPTION_KEYS": "5e" * 32,
        }

        (line,) = said("log.info('two %s wait', 'mails')", tmp_path, **production)

        assert json.loads(line)["message"] == "two mails wait"

    def test_says_as_much_as_it_is_asked_for(self, tmp_path: Path) -> None:
        lines = "log.debug('a'); log.info('b'); log.warning('c')"

        assert len(said(lines, tmp_path, LOG_LEVEL="DEBUG")) == 3
        assert len(said(lines, tmp_path, LOG_LEVEL="WARNING")) == 1

    def test_hears_libraries_only_when_they_warn(self, tmp_path: Path) -> None:
        lines = "other = logging.getLogger('stripe'); other.info('a'); other.warning('b')"

        (line,) = said(lines, tmp_path, LOG_LEVEL="DEBUG", LOG_FORMAT="json")

        assert json.loads(line)["logger"] == "stripe"

    @pytest.mark.parametrize(
        "end",
        [
            "fail()",
            "thread = threading.Thread(target=fail); thread.start(); thread.join()",
        ],
        ids=["program", "thread"],
    )
    def test_has_the_last_word_too_and_without_secrets(self, tmp_path: Path, end: str) -> None:
        fail = "def fail():\n    raise RuntimeError('whsec_' + 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa')"

        (line,) = said(f"{fail}\n{end}", tmp_path, LOG_FORMAT="json")

        assert json.loads(line)["level"] == "CRITICAL"
        assert "Traceback" in json.loads(line)["error"]
        assert "MfKQ9r8" not in line

    def test_hears_warnings_of_python(self, tmp_path: Path) -> None:
        (line,) = said("warnings.warn('old')", tmp_path, LOG_FORMAT="json")

        assert json.loads(line)["logger"] == "py.warnings"

    def test_begun_twice_says_everything_once(self, tmp_path: Path) -> None:
        assert len(said("logs.begin(config.load()); log.info('once')", tmp_path)) == 1

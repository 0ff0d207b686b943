"""What a WSGI server starts, and what stops it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.billing.site import Credentials, Site
from app.models import ProviderAccount
from config import ROOT
from tests.cast import World
from tests.waiting import PATIENCE_SECONDS


def start(settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "import wsgi; print(wsgi.application.name)"],
        cwd=ROOT,
        env={**kept, **settings},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


class TestApplication:
    def test_starts_on_an_empty_folder(self, tmp_path: Path) -> None:
        started = start({"DATABASE_URL": f"sqlite:///{tmp_path / 'portico.sqlite3'}"})

        assert (started.stderr, started.returncode) == ("", 0)

    @pytest.mark.parametrize(
        ("settings", "sentence"),
        [
            ({"PORT": "http"}, "PORT is 'http'"),
            ({"PORTICO_ENV": "production"}, "SECRET_KEY must be set in production"),
        ],
    )
    def test_is_stopped_by_one_sentence(
        self, tmp_path: Path, settings: dict[str, str], sentence: str
    ) -> None:
        database = {"DATABASE_URL": f"sqlite:///{tmp_path / 'portico.sqlite3'}"}

        stopped = start({**database, **settings})

        assert stopped.returncode == 1
        assert stopped.stderr.startswith(sentence)
        assert stopped.stderr.count("\n") == 1

    def test_is_stopped_where_a_live_account_would_meet_the_demo(
        self, world: World, site: Site
    ) -> None:
        world.db.add(
            ProviderAccount(
                app_id=world.app.id,
                provider="stripe",
                livemode=True,
                sealed_credentials=site.seal(Credentials("sk_live_1")),
            )
        )
        world.db.commit()

        stopped = start({"DATABASE_URL": site.config.DATABASE_URL})

        assert stopped.returncode == 1
        assert stopped.stderr.startswith("A live provider account is connected")
        assert stopped.stderr.count("\n") == 1

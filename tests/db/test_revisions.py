"""Which revision the tables are at is known without Alembic, and agrees with it."""

from __future__ import annotations

import subprocess
import sys

from app.db import migrations, revisions
from app.db.engine import Database
from config import ROOT
from tests.waiting import PATIENCE_SECONDS


class TestNewest:
    def test_is_what_alembic_says(self) -> None:
        assert revisions.newest() == migrations.newest()

    def test_takes_no_alembic(self) -> None:
        program = "import sys; from app.db import revisions; revisions.newest();"
        done = subprocess.run(
            [sys.executable, "-c", f"{program} sys.exit('alembic' in sys.modules)"],
            cwd=ROOT,
            timeout=PATIENCE_SECONDS,
        )

        assert done.returncode == 0


class TestStanding:
    def test_follows_the_tables(self, database: Database, database_url: str) -> None:
        def standing() -> str:
            with database.reader() as db:
                return revisions.standing(db)

        assert standing() == "current"
        migrations.downgrade(database_url, "base")
        assert standing() == "behind"
        migrations.upgrade(database_url)
        assert standing() == "current"

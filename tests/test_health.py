"""Health says what answers, and what is missing without which we run all the same."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app import create_app
from app.billing.site import Site
from app.db import migrations
from app.db.engine import Database
from config import Config


def outside_the_demo(config: Config, site: Site, database: Database, **changes: Any) -> FlaskClient:
    """Answer who asks an installation that brings no sandbox."""
    config = config.model_copy(update={"DEMO": False, **changes})
    flask_app = create_app(config, site=Site(config=config, clock=site.clock), database=database)
    return flask_app.test_client()


def at_revision(database: Database, name: str) -> None:
    """Let the tables be at a revision."""
    with database.transaction() as db:
        db.execute(text("UPDATE alembic_version SET version_num = :name"), {"name": name})


class TestReady:
    @pytest.mark.parametrize(
        ("server", "said"), [("smtp://127.0.0.1:1", "set"), ("", "not set, mails wait")]
    )
    def test_is_ready_without_a_mail_server_and_says_so(
        self, config: Config, site: Site, database: Database, server: str, said: str
    ) -> None:
        answer = outside_the_demo(config, site, database, SMTP_URL=server).get("/readyz")

        assert answer.status_code == 200
        assert answer.json == {
            "status": "ok",
            "database": True,
            "tables": "up to date",
            "worker": None,
            "jobs_waiting": None,
            "mail_server": said,
        }

    def test_tells_of_worker_and_queue(
        self, config: Config, site: Site, database: Database
    ) -> None:
        answer = outside_the_demo(config, site, database, QUEUE="sqlite").get("/readyz")

        assert answer.status_code == 200
        assert isinstance(answer.get_json()["worker"], bool)
        assert answer.get_json()["jobs_waiting"] >= 0

    def test_is_not_ready_where_the_tables_are_older_than_the_program(
        self, config: Config, site: Site, database: Database
    ) -> None:
        client = outside_the_demo(config, site, database, QUEUE="sqlite")
        migrations.downgrade(config.DATABASE_URL, "base")

        answer = client.get("/readyz")

        migrations.upgrade(config.DATABASE_URL)
        assert answer.status_code == 503
        assert answer.get_json()["status"] == "waiting"
        assert "db upgrade" in answer.get_json()["tables"]
        assert client.get("/readyz").status_code == 200

    def test_stays_ready_beside_newer_tables(
        self, config: Config, site: Site, database: Database
    ) -> None:
        client, newest = outside_the_demo(config, site, database), migrations.newest()
        at_revision(database, "0999")

        answer = client.get("/readyz")

        at_revision(database, str(newest))
        assert answer.status_code == 200
        assert answer.get_json()["tables"].startswith("newer than this program")

    def test_is_not_ready_without_a_database(self, config: Config, site: Site) -> None:
        out_of_reach = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

        answer = outside_the_demo(config, site, out_of_reach).get("/readyz")

        assert answer.status_code == 503
        assert (answer.get_json()["database"], answer.get_json()["tables"]) == (
            False,
            "out of reach",
        )

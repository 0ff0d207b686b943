"""Health says what answers, and what is missing without which we run all the same."""

from __future__ import annotations

import pytest

from app import create_app
from app.billing.site import Site
from app.db.engine import Database


class TestReady:
    @pytest.mark.parametrize(
        ("server", "said"), [("smtp://127.0.0.1:1", "set"), ("", "not set, mails wait")]
    )
    def test_is_ready_without_a_mail_server_and_says_so(
        self, site: Site, database: Database, server: str, said: str
    ) -> None:
        config = site.config.model_copy(update={"SMTP_URL": server, "DEMO": False})
        client = create_app(
            config, site=Site(config=config, clock=site.clock), database=database
        ).test_client()

        answer = client.get("/readyz")

        assert answer.status_code == 200
        assert answer.json == {"status": "ok", "database": True, "mail_server": said}

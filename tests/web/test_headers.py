"""What every answer tells the browser."""

from __future__ import annotations

import pytest
from flask import Flask

from app import create_app
from app.billing.site import Site
from app.db.engine import Database
from tests.cast import World
from tests.pages import Visitor


@pytest.fixture
def secure_app(site: Site, database: Database) -> Flask:
    """Answer the portal as it is served over https."""
    config = site.config.model_copy(update={"PUBLIC_URL": "https://billing.example.com"})
    return create_app(config, site=site, database=database)


class TestHeaders:
    @pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/console/", "/healthz", "/hooks/x"])
    def test_are_sent_once_with_every_answer(self, flask_app: Flask, path: str) -> None:
        headers = flask_app.test_client().get(path).headers

        for name in ("Content-Security-Policy", "Cache-Control", "X-Content-Type-Options"):
            assert len(headers.getlist(name)) == 1

    def test_keep_forms_at_home_unless_they_lead_to_a_provider(self, nobody: Visitor) -> None:
        policy = nobody.opens("/sign-in").headers["Content-Security-Policy"]

        assert policy.endswith("form-action 'self'")
        assert "frame-ancestors 'none'" in policy
        assert "object-src 'none'" in policy

    def test_never_tell_another_site_where_a_visitor_was(self, nobody: Visitor) -> None:
        assert nobody.opens("/sign-in").headers["Referrer-Policy"] == "same-origin"

    def test_ask_for_https_only_where_it_is_served(
        self, nobody: Visitor, secure_app: Flask
    ) -> None:
        secure = Visitor(secure_app).opens("/sign-in")

        assert "Strict-Transport-Security" not in nobody.opens("/sign-in").headers
        assert secure.headers["Strict-Transport-Security"].startswith("max-age=")


class TestCookies:
    def test_are_out_of_reach_of_scripts_and_other_sites(self, nobody: Visitor) -> None:
        cookie = nobody.opens("/sign-in").headers["Set-Cookie"]

        assert cookie.startswith("portico=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie

    def test_belong_to_the_host_alone_over_https(self, secure_app: Flask, world: World) -> None:
        cookie = Visitor(secure_app).opens("/sign-in").headers["Set-Cookie"]

        assert cookie.startswith("__Host-portico=")
        assert "Secure" in cookie
        assert "Path=/" in cookie

"""Portal links."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing import portal_links
from app.billing.site import Site
from tests.cast import World
from tests.pages import Visitor

Issue = Callable[..., str]


@pytest.fixture
def issue(db: Session, site: Site, world: World) -> Issue:
    """Answer a way to get the path of a link into Globex."""

    def issue(scope: str = "portal", return_url: str | None = None) -> str:
        _, url = portal_links.issue(
            db, site, tenant=world.globex, scope=scope, return_url=return_url
        )
        db.commit()
        return urlsplit(url).path

    return issue


class TestShow:
    def test_only_asks(self, nobody: Visitor, issue: Issue, world: World) -> None:
        page = nobody.opens(issue())

        assert page.heading == "Continue as tara@globex.example?"
        assert page.has("link-continue")
        assert nobody.opens(f"/t/{world.globex.uuid}/").status == 303

    def test_uses_nothing_up_however_often_it_is_opened(
        self, nobody: Visitor, issue: Issue
    ) -> None:
        path = issue()
        nobody.client.head(path)
        for _ in range(3):
            nobody.opens(path, Purpose="prefetch")

        assert nobody.posts(path).status == 303

    def test_says_who_would_be_signed_out(
        self, tara: Visitor, peter: Visitor, issue: Issue
    ) -> None:
        assert "Somebody else is signed in" in peter.opens(issue()).words()
        assert "Somebody else is signed in" not in tara.opens(issue()).words()

    @pytest.mark.parametrize("token", ["x", "a" * 43, "..%2f"])
    def test_does_not_exist_for_a_guess(self, nobody: Visitor, token: str) -> None:
        assert nobody.opens(f"/link/{token}").status == 404


class TestFollow:
    def test_opens_that_tenants_portal(self, nobody: Visitor, issue: Issue, world: World) -> None:
        page = nobody.posts(issue())

        assert page.location == f"/t/{world.globex.uuid}/"
        assert nobody.opens(page.location).heading == "Billing for Globex"
        assert nobody.opens("/").location == page.location

    def test_works_once(self, nobody: Visitor, issue: Issue) -> None:
        path = issue()
        nobody.posts(path)

        page = nobody.posts(path)

        assert page.status == 404
        assert "does not work any more" in page.words()

    def test_replaces_who_was_signed_in(self, peter: Visitor, issue: Issue, world: World) -> None:
        peter.posts(issue())

        assert peter.opens(f"/t/{world.globex.uuid}/").status == 200
        assert peter.opens(f"/t/{world.initech.uuid}/").status == 404

    def test_never_opens_the_console(self, nobody: Visitor, issue: Issue) -> None:
        nobody.posts(issue())

        assert nobody.opens("/console/").status == 404

    def test_opens_only_the_pages_of_its_scope(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        page = nobody.posts(issue("payment-methods"))

        assert page.location == f"/t/{world.globex.uuid}/payment-methods"
        assert nobody.opens(page.location).status == 200
        assert nobody.opens(f"/t/{world.globex.uuid}/").status == 404
        assert nobody.opens(f"/t/{world.globex.uuid}/plans").status == 404

    def test_ends_after_an_hour(self, nobody: Visitor, issue: Issue, world: World) -> None:
        nobody.posts(issue())
        with nobody.client.session_transaction() as session:
            lasts = session["link"]["ends"] - clock.wall().timestamp()
            session["link"] = {**session["link"], "ends": int(clock.wall().timestamp()) - 1}

        page = nobody.opens(f"/t/{world.globex.uuid}/")

        assert 3500 < lasts <= 3600
        assert page.status == 303
        assert "Your link has ended." in nobody.opens(page.location).words()

    def test_refuses_a_post_from_another_page(self, nobody: Visitor, issue: Issue) -> None:
        path = issue()

        assert nobody.posts(path, {"csrf_token": "forged"}).status == 400
        assert nobody.posts(path).status == 303

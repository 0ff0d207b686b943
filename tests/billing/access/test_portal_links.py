"""Portal links: issued for one user and tenant, used once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import portal_links
from app.billing.errors import Invalid, NotFound
from app.billing.site import Site
from app.db.engine import Database
from app.models import Membership, PortalLink
from tests import together
from tests.cast import World


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


class TestIssue:
    def test_signs_in_the_oldest_admin_unless_told_otherwise(
        self, world: World, db: Session, site: Site
    ) -> None:
        db.add(Membership(tenant_id=world.globex.id, user_id=world.charlie.id, role="admin"))
        db.flush()

        default, _ = portal_links.issue(db, site, tenant=world.globex)
        named, _ = portal_links.issue(db, site, tenant=world.globex, user=world.milo)

        assert default.user is world.tara
        assert named.user is world.milo

    def test_lives_ten_minutes_and_leads_to_our_address(
        self, world: World, db: Session, site: Site
    ) -> None:
        link, url = portal_links.issue(db, site, tenant=world.globex)

        lifetime = link.expires_at - clock.wall()
        assert timedelta(minutes=9) < lifetime <= timedelta(minutes=10)
        assert url.startswith(f"{site.config.PUBLIC_URL}/link/")

    def test_keeps_a_digest_only(self, world: World, db: Session, site: Site) -> None:
        link, url = portal_links.issue(db, site, tenant=world.globex)

        assert len(token_of(url)) >= 43
        stored = [str(value) for value in vars(link).values()]
        assert not any(token_of(url) in value for value in stored)

    def test_refuses_a_user_of_another_tenant(self, world: World, db: Session, site: Site) -> None:
        with pytest.raises(Invalid) as refusal:
            portal_links.issue(db, site, tenant=world.globex, user=world.peter)

        assert refusal.value.field == "user"

    def test_refuses_a_tenant_without_an_admin(self, world: World, db: Session, site: Site) -> None:
        world.membership(world.peter).role = "member"
        db.flush()

        with pytest.raises(Invalid):
            portal_links.issue(db, site, tenant=world.initech)

    def test_refuses_a_scope_that_is_none(self, world: World, db: Session, site: Site) -> None:
        with pytest.raises(Invalid) as refusal:
            portal_links.issue(db, site, tenant=world.globex, scope="everything")

        assert refusal.value.field == "scope"

    def test_takes_a_return_url_of_a_registered_origin(
        self, world: World, db: Session, site: Site
    ) -> None:
        url = "https://app.example.com/settings?tab=billing"

        link, _ = portal_links.issue(db, site, tenant=world.globex, return_url=url)

        assert link.return_url == url

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/",
            "http://app.example.com/",
            "https://app.example.com.evil.example/",
            "https://app.example.com@evil.example/",
            "https://app.example.com:444/",
            "//app.example.com/",
            "/settings",
            "javascript:alert(1)",
            "https://app.example.com/\r\nSet-Cookie: x",
            "https://app.example.com\\@evil.example/",
            "https://[",
            "",
        ],
    )
    def test_refuses_any_other_return_url(
        self, world: World, db: Session, site: Site, url: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            portal_links.issue(db, site, tenant=world.globex, return_url=url)

        assert refusal.value.field == "return_url"
        assert db.scalars(select(PortalLink)).all() == []


class TestPeek:
    def test_uses_nothing_up(self, world: World, db: Session, site: Site) -> None:
        _, url = portal_links.issue(db, site, tenant=world.globex)

        for _ in range(2):
            link = portal_links.peek(db, token_of(url))
            assert (link.tenant.name, link.user.email) == ("Globex", world.tara.email)

    @pytest.mark.parametrize("token", ["", "unknown", "x" * 5000, "ü", "../link"])
    def test_knows_no_other_token(self, world: World, db: Session, token: str) -> None:
        with pytest.raises(NotFound, match="Ask for a new one"):
            portal_links.peek(db, token)

    @pytest.mark.parametrize("spoiled", ["expired", "revoked", "user", "tenant", "app"])
    def test_ends_with_its_time_its_user_and_its_tenant(
        self, world: World, db: Session, site: Site, spoiled: str
    ) -> None:
        link, url = portal_links.issue(db, site, tenant=world.globex)
        now = clock.wall()
        if spoiled == "expired":
            link.expires_at = now
        elif spoiled == "revoked":
            link.revoked_at = now
        else:
            rows = {"user": world.tara, "tenant": world.globex, "app": world.app}
            rows[spoiled].deleted_at = now
        db.flush()

        with pytest.raises(NotFound):
            portal_links.peek(db, token_of(url))


class TestRedeem:
    def test_works_once(self, world: World, db: Session, site: Site) -> None:
        _, url = portal_links.issue(db, site, tenant=world.globex)

        link = portal_links.redeem(db, token_of(url))

        assert link.consumed_at is not None
        with pytest.raises(NotFound):
            portal_links.redeem(db, token_of(url))
        with pytest.raises(NotFound):
            portal_links.peek(db, token_of(url))

    def test_lets_one_of_several_at_once_in(
        self, world: World, db: Session, database: Database, site: Site
    ) -> None:
        _, url = portal_links.issue(db, site, tenant=world.globex)
        db.commit()

        def follow(_: int) -> bool:
            with database.writer() as own:
                try:
                    portal_links.redeem(own, token_of(url))
                except NotFound:
                    return False
                own.commit()
                return True

        let_in = together.each(follow, range(16))

        assert let_in.count(True) == 1

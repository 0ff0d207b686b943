"""Pages in a frame: a cookie of their own, for one link's visit and for registered origins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from app.billing.access import portal_links
from app.billing.site import Site
from app.db.engine import Database
from app.models import Origin
from tests.cast import World
from tests.pages import Page, Visitor

HOST = "https://app.example.com"
FRAME = {"Sec-Fetch-Dest": "iframe"}
Issue = Callable[..., str]


@pytest.fixture
def issue(db: Session, site: Site, world: World) -> Issue:
    """Answer a way to get the path of a link into Globex, whose app may embed us."""
    for origin in world.app.origins:
        origin.may_embed = origin.origin == HOST
    db.add(Origin(app_id=world.app.id, origin="https://a.example; script-src *", may_embed=True))
    db.commit()

    def issue(**wanted: object) -> str:
        _, url = portal_links.issue(db, site, tenant=world.globex, **wanted)  # type: ignore[arg-type]
        db.commit()
        return urlsplit(url).path

    return issue


@pytest.fixture
def secure_app(site: Site, database: Database) -> Flask:
    """Answer the portal as it is served over https."""
    config = site.config.model_copy(update={"PUBLIC_URL": "https://billing.example.com"})
    return create_app(config, site=site, database=database)


def token(page: Page) -> dict[str, str]:
    form = next(page.all("form"))
    return {"csrf_token": page.fields(form.get("action", ""))["csrf_token"]}


def follows(visitor: Visitor, path: str) -> Page:
    page = visitor.opens(path, **FRAME)
    sent = visitor.client.post(path, data=token(page), headers=FRAME)
    return visitor.opens(sent.headers["Location"], **FRAME)


def ancestors(page: Page) -> str:
    policy = page.headers["Content-Security-Policy"]
    (part,) = [p.strip() for p in policy.split(";") if "frame-ancestors" in p]
    return part.removeprefix("frame-ancestors ")


class TestAncestors:
    def test_are_the_registered_origins_on_a_links_pages(
        self, nobody: Visitor, issue: Issue
    ) -> None:
        path = issue()
        asked = nobody.opens(path, **FRAME)
        overview = follows(nobody, path)
        lost = nobody.opens("/t/nobody", **FRAME)
        spent = nobody.opens(path, **FRAME)

        assert overview.heading == "Billing for Globex"
        assert (asked.status, overview.status, lost.status, spent.status) == (200, 200, 404, 404)
        assert {ancestors(page) for page in (asked, overview, spent)} == {HOST}

    def test_are_none_elsewhere(self, nobody: Visitor, tara: Visitor, world: World) -> None:
        assert ancestors(nobody.opens("/sign-in", **FRAME)) == "'none'"
        assert ancestors(nobody.opens("/link/unknown", **FRAME)) == "'none'"
        assert ancestors(tara.opens(f"/t/{world.globex.uuid}/")) == "'none'"

    def test_are_none_for_a_link_that_was_opened_in_a_tab(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        nobody.posts(issue())

        assert ancestors(nobody.opens(f"/t/{world.globex.uuid}/")) == "'none'"


class TestCookie:
    def test_is_partitioned_and_apart_from_the_sign_in(
        self, secure_app: Flask, issue: Issue
    ) -> None:
        cookie = Visitor(secure_app).opens(issue(), **FRAME).headers["Set-Cookie"]

        assert cookie.startswith("__Host-portico_frame=")
        for part in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie

    def test_leaves_who_is_signed_in_elsewhere_alone(
        self, peter: Visitor, issue: Issue, world: World
    ) -> None:
        follows(peter, issue())

        assert peter.opens(f"/t/{world.initech.uuid}/").status == 200
        assert peter.opens(f"/t/{world.globex.uuid}/").status == 404
        assert peter.opens(f"/t/{world.globex.uuid}/", **FRAME).status == 200
        assert peter.opens(f"/t/{world.initech.uuid}/", **FRAME).status == 404

    def test_opens_no_more_than_the_links_tenant_and_scope(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        follows(nobody, issue(scope="payment-methods"))

        assert nobody.opens(f"/t/{world.globex.uuid}/payment-methods", **FRAME).status == 200
        for path in (f"/t/{world.globex.uuid}/plans", f"/t/{world.initech.uuid}/", "/console/"):
            assert nobody.opens(path, **FRAME).status == 404

    def test_never_holds_a_sign_in(self, nobody: Visitor, flask_app: Flask, world: World) -> None:
        with nobody.client.session_transaction(headers=FRAME) as session:
            session["_user_id"] = str(world.tara.id)

        assert nobody.opens(f"/t/{world.globex.uuid}/", **FRAME).status in (303, 401)

    def test_serves_what_a_framed_page_fetches(
        self, nobody: Visitor, peter: Visitor, issue: Issue, world: World
    ) -> None:
        own = f"/t/{world.globex.uuid}/plans"
        follows(nobody, issue())
        follows(peter, issue())

        assert nobody.opens(own, **{"Sec-Fetch-Dest": "empty"}).status == 200
        assert peter.opens(own, **{"Sec-Fetch-Dest": "empty"}).status == 404
        assert peter.opens(own, **{"Sec-Fetch-Dest": "empty", "X-In-Frame": "1"}).status == 200
        assert nobody.opens(own, **{"Sec-Fetch-Dest": "document"}).status == 303


class TestForms:
    def test_are_tied_to_the_frames_own_cookie(
        self, tara: Visitor, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        follows(nobody, issue())
        path = f"/t/{world.globex.uuid}/details"
        own = nobody.opens(path, **FRAME).fields(path)
        tab = nobody.opens("/sign-in", **{"Sec-Fetch-Dest": "document"})
        outside = {**own, **token(tab)}

        refused = nobody.client.post(path, data=outside, headers=FRAME)
        taken = nobody.client.post(path, data=own, headers=FRAME)

        assert (refused.status_code, taken.status_code) == (400, 303)

    def test_offer_a_tab_where_the_browser_keeps_no_cookie(
        self, nobody: Visitor, issue: Issue
    ) -> None:
        path = issue()
        sent = token(nobody.opens(path, **FRAME))
        nobody.client.delete_cookie("portico_frame")

        refused = Page(nobody.client.post(path, data=sent, headers=FRAME))

        assert refused.status == 400
        assert "Open the link in a new tab" in refused.words()
        (link,) = [a for a in refused.all("a") if a.get("target") == "_blank"]
        assert link.get("href") == ""
        assert ancestors(refused) == HOST
        assert nobody.posts(path).status == 303

    def test_say_where_to_go_when_the_visit_has_ended(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        follows(nobody, issue())
        with nobody.client.session_transaction(headers=FRAME) as session:
            session["link"] = {**session["link"], "ends": 1}

        page = nobody.opens(f"/t/{world.globex.uuid}/", **FRAME)

        assert (page.status, page.heading) == (401, "This visit has ended")
        assert ancestors(page) == HOST

    def test_end_the_visit_in_its_place(self, nobody: Visitor, issue: Issue, world: World) -> None:
        overview = follows(nobody, issue())
        sent = overview.fields("/sign-out")

        page = Page(nobody.client.post("/sign-out", data=sent, headers=FRAME))

        assert (page.status, ancestors(page)) == (401, HOST)


class TestDeparture:
    def test_leads_out_of_the_frame_by_the_payers_own_press(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        follows(nobody, issue(scope="payment-methods"))
        path = f"/t/{world.globex.uuid}/payment-methods/new"
        sent = nobody.opens(path, **FRAME).fields(path) | {"method": "stripe-card"}

        page = Page(nobody.client.post(path, data=sent, headers=FRAME))

        assert (page.status, page.heading) == (200, "Continue to Stripe")
        (link,) = [a for a in page.all("a") if "button" in (a.get("class") or "")]
        assert link.get("target") == "_top"
        assert "/pay/" in (link.get("href") or "") or "checkout" in (link.get("href") or "")


class TestASessionThatIsKnownAlready:
    def test_says_the_same_each_time_its_cookie_comes(self, tara: Visitor, world: World) -> None:
        path = f"/t/{world.globex.uuid}/"
        with tara.client.session_transaction() as session:
            session["_flashes"] = [("message", "It is done.")]
        cookie = tara.client.get_cookie("portico")
        assert cookie is not None

        for _ in range(2):
            tara.client.set_cookie("portico", cookie.value)
            assert "It is done." in tara.opens(path).words()

    def test_ends_all_the_same_and_cannot_be_forged(self, tara: Visitor, world: World) -> None:
        path = f"/t/{world.globex.uuid}/"
        assert tara.opens(path).status == 200
        cookie = tara.client.get_cookie("portico")
        assert cookie is not None

        tara.client.set_cookie("portico", f"{cookie.value[:-20]}{'x' * 20}")
        forged = tara.opens(path)
        tara.client.set_cookie("portico", cookie.value)
        good = tara.opens(path)
        tara.client.application.config["PERMANENT_SESSION_LIFETIME"] = timedelta(seconds=-1)
        old = tara.opens(path)

        assert (forged.status, good.status, old.status) == (303, 200, 303)

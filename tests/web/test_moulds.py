"""Moulds: drawn once, filled for each visitor, and holding nothing of anybody's."""

from __future__ import annotations

import pytest
from flask import Flask
from jinja2 import meta

from app.billing.access import portal_links
from app.billing.site import Site
from app.web.moulds import Mould
from tests.cast import World
from tests.pages import Page, Visitor

# What the plans page reads. A name that is new here has to be of the key by which app/portal/plans
# keeps the page, or be asked by `moulds.fits`, or be filled in; decide which before adding it.
FILLED = {"csrf_token", "membership"}
OF_THE_KEY = {"chooser", "includes_tax", "is_running", "form", "g", "language", "may_switch"}
ASKED_BY_FITS = {"get_flashed_messages", "in_frame", "link_visit", "open_areas", "viewing"}
OF_THE_PROGRAM = {"_", "icon_url", "none", "script_url", "stylesheet_url"}
# Made by one template for another: of the membership, or fixed.
OF_THE_PAGE = {"app", "areas", "base", "scripts", "section", "seen", "tenant", "visit"}
MACROS = {"buyers", "mark", "problems", "steps"}


def read(flask_app: Flask, name: str) -> set[str]:
    """Answer what a template reads with all that it extends, imports and includes."""
    assert flask_app.jinja_loader is not None
    source, *_ = flask_app.jinja_loader.get_source(flask_app.jinja_env, f"en:{name}")
    tree = flask_app.jinja_env.parse(source)
    others = (other for other in meta.find_referenced_templates(tree) if other is not None)
    return meta.find_undeclared_variables(tree).union(*(read(flask_app, each) for each in others))


class TestMould:
    def test_is_filled_at_every_place_and_escapes_what_it_is_given(self) -> None:
        mould = Mould("<h1>m-1</h1><a href='/m-2'>m-1</a>", {"name": "m-1", "place": "m-2"})

        assert mould.fill(name="<b>", place=7) == "<h1>&lt;b&gt;</h1><a href='/7'>&lt;b&gt;</a>"
        assert mould.fill(name="B & C", place="m-1").startswith("<h1>B &amp; C</h1><a href='/m-1'>")

    def test_wants_every_place_filled(self) -> None:
        with pytest.raises(KeyError):
            Mould("Hello m-1", {"name": "m-1"}).fill(place="here")


class TestThePlansPage:
    def test_reads_nothing_that_its_key_does_not_know(self, flask_app: Flask) -> None:
        known = FILLED | OF_THE_KEY | ASKED_BY_FITS | OF_THE_PROGRAM | OF_THE_PAGE
        known |= MACROS

        assert read(flask_app, "portal/plans/show.html") - known == set()

    @pytest.mark.parametrize("language", ["en", "de"])
    @pytest.mark.parametrize("several", [False, True])
    def test_is_the_same_as_one_drawn_for_the_visitor(
        self, tara: Visitor, world: World, language: str, several: bool
    ) -> None:
        path = f"/t/{world.globex.uuid}/plans"
        world.tara.locale = language
        world.globex.name = "Globex <&> Söhne"
        world.db.commit()
        with tara.client.session_transaction() as session:
            session["several"] = several

        # Its first page gives a session the secret of its tokens.
        tara.opens(path)
        filled, drawn = tara.opens(path), tara.opens(f"{path}?anything=1")

        assert filled.text == drawn.text
        assert "Globex <&> Söhne" in filled.heading

    def test_is_each_visitors_own(self, tara: Visitor, peter: Visitor, world: World) -> None:
        pages = [
            (tara.opens(f"/t/{world.globex.uuid}/plans"), world.globex, world.tara),
            (peter.opens(f"/t/{world.initech.uuid}/plans"), world.initech, world.peter),
            (tara.opens(f"/t/{world.globex.uuid}/plans"), world.globex, world.tara),
        ]

        for page, tenant, person in pages:
            others = {world.globex, world.initech} - {tenant}
            assert person.email in page.text
            assert str(tenant.uuid) in page.text
            assert not any(other.name in page.text for other in others)
            assert not any(str(other.uuid) in page.text for other in others)
        assert token(pages[0][0]) == token(pages[2][0]) != token(pages[1][0])

    def test_is_drawn_anew_for_whoever_comes_by_a_link(
        self, tara: Visitor, nobody: Visitor, world: World, site: Site
    ) -> None:
        path = f"/t/{world.globex.uuid}/plans"
        tara.opens(path)
        _, url = portal_links.issue(world.db, site, tenant=world.globex, scope="plans")
        world.db.commit()
        nobody.posts(url)

        page = nobody.opens(path)

        assert page.status == 200
        assert not page.has("account")
        assert f"/t/{world.globex.uuid}/people" not in page.text

    def test_says_once_what_has_just_been_done(self, tara: Visitor, world: World) -> None:
        path = f"/t/{world.globex.uuid}/plans"
        tara.opens(path)
        with tara.client.session_transaction() as session:
            session["_flashes"] = [("message", "It is done.")]

        assert "It is done." in tara.opens(path).words()
        assert "It is done." not in tara.opens(path).words()

    def test_changes_with_the_catalogue_and_the_apps_colour(
        self, tara: Visitor, world: World
    ) -> None:
        path = f"/t/{world.globex.uuid}/plans"
        before = tara.opens(path)
        world.price("team").product.name = "Crew"
        world.app.brand_color = "#123456"
        world.db.commit()

        after = tara.opens(path)

        assert "Crew" in after.words()
        assert "Crew" not in before.words()
        assert "/123456.css" in after.text
        assert "/123456.css" not in before.text


def token(page: Page) -> str:
    return page.fields("/sign-out")["csrf_token"]

"""Stylesheet, scripts and icon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.web import assets
from config import ROOT
from tests.cast import World
from tests.pages import Page, Visitor

KEPT = "public, max-age=31536000, immutable"


def loads(page: Page) -> list[str]:
    """Answer the addresses a browser fetches for a page."""
    scripts = [script.get("src", "") for script in page.all("script")]
    return scripts + [link.get("href", "") for link in page.all("link")]


class TestPage:
    def test_loads_in_five_requests_and_sixty_kilobytes(self, tara: Visitor, world: World) -> None:
        page = tara.opens(f"/t/{world.globex.uuid}/plans")

        files = [tara.client.get(address) for address in loads(page)]

        assert 1 + len(files) <= 5
        assert len(page.text.encode()) + sum(len(file.data) for file in files) <= 60_000
        assert {file.status_code for file in files} == {200}
        assert {file.headers["Cache-Control"] for file in files} == {KEPT}

    def test_is_served_before_an_update_with_what_there_is_now(self, nobody: Visitor) -> None:
        answer = nobody.client.get("/assets/0123456789ab/live.js")

        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        "address",
        [
            "/assets/x/none.js",
            "/assets/x/zzzzzz.css",
            "/assets/x/../config.py",
            "/assets/x/5254D4.css",
        ],
    )
    def test_finds_nothing_else(self, nobody: Visitor, address: str) -> None:
        assert nobody.client.get(address).status_code == 404


class TestRead:
    def test_joins_every_layer_into_one_answer(self) -> None:
        files = assets.read(ROOT / "static")

        assert "@import" not in files.stylesheet
        assert files.stylesheet.startswith("\n@layer tokens, brand, reset")
        assert files.stylesheet.count("{") == files.stylesheet.count("}")

    def test_leaves_no_sheet_out(self) -> None:
        imported = re.findall(r'url\("(.+)"\)', (ROOT / "static/app.css").read_text())
        kept = [str(path.relative_to(ROOT / "static")) for path in (ROOT / "static").glob("css/*")]

        assert sorted(imported) == sorted(kept)

    def test_changes_its_version_with_any_file(self, tmp_path: Path) -> None:
        (tmp_path / "js").mkdir()
        (tmp_path / "app.css").write_text("")
        (tmp_path / "icon.svg").write_text("<svg/>")
        before = assets.read(tmp_path).version

        (tmp_path / "js/new.js").write_text("go()")

        assert assets.read(tmp_path).version != before


class TestScripts:
    def test_are_all_loaded_by_some_page(self) -> None:
        pages = "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
        named = set(re.findall(r'"(\w+)"', "\n".join(re.findall(r"set scripts = .*", pages))))

        assert {path.stem for path in (ROOT / "static/js").glob("*.js")} <= named

"""Every template is used, and none carries code that the content policy would block."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSES = {
    # templates -> the program that renders them
    "templates": "app",
    "app/sandbox/templates": "app/sandbox",
}
# A mail can load no stylesheet, and the policy of our pages does not reach it.
IN_MAILS = "mails/"
INLINE = {
    "an inline script": r"<script(?![^>]*\bsrc=)[^>]*>",
    "an inline style": r"<style\b|\sstyle\s*=",
    "an on… attribute": r"<[^>]*\son[a-z]+\s*=",
    "a javascript: address": r"javascript:",
}


def inline_code(template: str) -> list[str]:
    """Answer what in a template the content policy would block."""
    return [name for name, pattern in INLINE.items() if re.search(pattern, template, re.IGNORECASE)]


def orphans(names: set[str], sources: list[str]) -> set[str]:
    """Answer the templates whose name is in none of the sources."""
    named = {name for source in sources for name in re.findall(r"""["']([\w/.-]+)["']""", source)}
    return names - named


def read(folder: str, pattern: str) -> dict[str, str]:
    base = ROOT / folder
    return {
        str(path.relative_to(base)): path.read_text()
        for path in sorted(base.rglob(pattern))
        if path.is_file()
    }


@pytest.mark.parametrize(("templates", "program"), HOUSES.items())
class TestTemplates:
    def test_are_all_used(self, templates: str, program: str) -> None:
        pages = read(templates, "*.*")
        sources = [*read(program, "*.py").values(), *pages.values()]

        assert orphans(set(pages), sources) == set()

    def test_carry_no_code(self, templates: str, program: str) -> None:
        blocked = {
            name: found
            for name, text in read(templates, "*.*").items()
            if (found := inline_code(text))
            and not (name.startswith(IN_MAILS) and found == ["an inline style"])
        }

        assert blocked == {}


class TestOrphans:
    def test_are_noticed(self) -> None:
        names = {"portal/plans.html", "portal/_row.html"}

        assert orphans(names, ['render_template("portal/plans.html")']) == {"portal/_row.html"}


class TestInlineCode:
    @pytest.mark.parametrize(
        "template",
        [
            "<script>go()</script>",
            '<p style="color: red">',
            '<a onclick="go()">',
            '<a href="javascript:go()">',
            "<style>p {}</style>",
        ],
    )
    def test_is_noticed(self, template: str) -> None:
        assert inline_code(template)

    def test_is_not_a_script_of_its_own(self) -> None:
        assert inline_code('<script type="module" src="/static/js/app.js"></script>') == []

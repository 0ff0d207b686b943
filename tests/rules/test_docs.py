"""What is written down is true: settings, commands, links, and nothing of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import Config
from tests.rules.test_names import ROOT, tracked_files

TEXT = {".py", ".md", ".toml", ".txt", ".in", ".html", ".css", ".js", ".json", ".mako", ""}
# Written apart, so that this file does not name what it looks for.
HOSTS = ["pypi" + r"\.org", "python" + "hosted", r"registry\.npm" + "js", r"deb\.deb" + "ian"]
PLACES = [
    rf"(?<![\w.]){re.escape(place)}" for place in ("/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/")
]


def undocumented(names: list[str], document: str) -> list[str]:
    """Answer the names that the document does not mention as code."""
    return [name for name in names if f"`{name}`" not in document]


def targets(makefile: str) -> list[str]:
    """Answer the commands that a bare `make` lists."""
    return re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)


def machine_words(text: str) -> list[str]:
    """Answer what names a package host or a path of one machine."""
    return [found.group() for word in (*HOSTS, *PLACES) for found in re.finditer(word, text)]


def dead_links(page: Path) -> list[str]:
    """Answer the relative links of a Markdown page that lead nowhere."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    return [
        link
        for link in links
        if not re.match(r"[a-z]+:", link) and not (page.parent / link).exists()
    ]


def missing_files(text: str) -> list[str]:
    """Answer the files of ours that a text names as code and that are not there."""
    made = ("app/translations/",)
    named = re.findall(r"`((?:app|tests|docs|templates|static)/[\w./-]+)`", text)
    return [path for path in named if not path.startswith(made) and not (ROOT / path).exists()]


def subjects(architecture: str) -> dict[str, set[str]]:
    """Answer the folders of the map of `app/billing`, and what each of its lines names."""
    lines = re.findall(r"^\| `(\w+)` \| (.+) \|$", architecture, re.MULTILINE)
    return {folder: set(re.findall(r"`(\w+)`", line)) for folder, line in lines}


class TestSettings:
    def test_are_all_documented(self) -> None:
        document = (ROOT / "docs/settings.md").read_text()

        assert undocumented(list(Config.model_fields), document) == []

    def test_are_missed_where_one_is_not(self) -> None:
        assert undocumented(["PORT", "DEMO"], "set `PORT` first") == ["DEMO"]

    def test_are_no_others_than_the_program_has(self) -> None:
        document = (ROOT / "docs/settings.md").read_text()

        named = re.findall(r"^\| `([A-Z_]+)`", document, re.MULTILINE)

        assert set(named) == set(Config.model_fields)


class TestCommands:
    def test_are_all_documented(self) -> None:
        document = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
        commands = [f"make {target}" for target in targets((ROOT / "Makefile").read_text())]

        assert undocumented(commands, document) == []

    def test_are_read_from_the_makefile(self) -> None:
        assert targets("run: x ## Run\nhidden:\nsure-all: ## Sure\n") == ["run", "sure-all"]


class TestEveryFile:
    def test_names_no_package_host_and_no_place_of_one_machine(self) -> None:
        found = {
            path: words
            for path in tracked_files()
            if Path(path).suffix in TEXT and (words := machine_words((ROOT / path).read_text()))
        }

        assert found == {}

    @pytest.mark.parametrize("text", ["see " + "/wo" + "rk/x", "from pypi" + ".org"])
    def test_is_noticed_where_it_does(self, text: str) -> None:
        assert machine_words(text)


class TestLinks:
    def test_lead_somewhere(self) -> None:
        pages = [ROOT / path for path in tracked_files() if path.endswith(".md")]

        assert {str(page): links for page in pages if (links := dead_links(page))} == {}

    def test_are_noticed_where_they_do_not(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("[here](page.md), [gone](gone.md) and [out](https://example.com)")

        assert dead_links(page) == ["gone.md"]

    def test_of_the_readme_lead_to_every_page(self) -> None:
        readme = (ROOT / "README.md").read_text()
        pages = [
            path for path in tracked_files() if re.fullmatch(r"docs/(api/)?\w[\w-]*\.md", path)
        ]

        assert [page for page in pages if f"({page})" not in readme] == []


class TestTheMap:
    def test_names_files_that_are_there(self) -> None:
        pages = [path for path in tracked_files() if path.endswith(".md")]

        assert {
            page: gone for page in pages if (gone := missing_files((ROOT / page).read_text()))
        } == {}

    def test_misses_files_that_are_not(self) -> None:
        assert missing_files("`app/money.py` and `app/gold.py`") == ["app/gold.py"]

    def test_of_billing_has_every_folder_and_no_module_that_is_not_there(self) -> None:
        billing = ROOT / "app/billing"
        drawn = subjects((ROOT / "docs/architecture.md").read_text())

        modules = {path.stem for path in billing.rglob("*.py")} | {"mollie", "stripe"}

        assert set(drawn) == {path.parent.name for path in billing.glob("*/__init__.py")}
        assert {folder: gone for folder, named in drawn.items() if (gone := named - modules)} == {}

"""The examples of docs/api run as they stand, against a portal that is served."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from app.api import dialects
from app.billing.site import Site
from app.db.engine import Database
from config import Config
from tests.cast import World
from tests.e2e.portal import Door
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs/api").glob("*.md"))
FIVE = {"tenant_v1", "provider_v1", "bearer_v1", "articles_v1", "line_items_v2"}
WRITTEN_FOR = "http://127.0.0.1:5000"
_BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^## (GET|POST|PUT|PATCH|DELETE) (/\S+)$", re.MULTILINE)
_PLACE = re.compile(r":\w+")
_BARE_CURL = re.compile(r"\bcurl (?!.*--fail-with-body)")


def examples(page: str) -> list[tuple[str, str]]:
    """Answer (language, text) of each example of a page."""
    return [(found[1], found[2]) for found in _BLOCK.finditer(page)]


def operations(page: str) -> list[tuple[str, str]]:
    """Answer (verb, path without the names of its places) of each heading that names one."""
    return [
        (verb, dialects.shape_of(_PLACE.sub("{}", path))) for verb, path in _HEADING.findall(page)
    ]


@pytest.fixture
def door() -> Iterator[Door]:
    """Open a port."""
    door = Door()
    yield door
    door.close()


@pytest.fixture
def public_url(door: Door) -> str:
    """Answer the address the portal is served at."""
    return door.url


@pytest.fixture
def served(
    door: Door, config: Config, site: Site, database: Database, world: World
) -> Iterator[str]:
    """Serve the demo world and answer where."""
    with door.leads_to(create_app(config, site=site, database=database)):
        yield door.url


class TestPages:
    def test_are_there_for_all_five(self) -> None:
        assert {page.stem for page in PAGES} >= FIVE

    def test_name_verbs_and_paths_that_are_served(
        self, config: Config, site: Site, database: Database
    ) -> None:
        spoken = create_app(config, site=site, database=database).extensions["dialects"]
        served = {operation.shape for dialect in spoken for operation in dialect.operations}

        unknown = {page.stem: set(operations(page.read_text())) - served for page in PAGES}

        assert {page: named for page, named in unknown.items() if named} == {}

    @pytest.mark.parametrize("document", PAGES, ids=lambda document: document.stem)
    def test_hold_examples_that_run(self, document: Path, served: str, config: Config) -> None:
        found = examples(document.read_text())
        assert {language for language, _ in found} == {"bash", "python"}
        for language, text in found:
            assert WRITTEN_FOR in text, "an example that calls nobody"
            assert not _BARE_CURL.search(text), "curl that does not fail where we refuse"

            done = _run(language, text, served, config)

            assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
            assert done.stdout.strip()

    def test_are_read_by_their_fences_and_headings(self) -> None:
        page = "## POST /v1/x/:id/y\n\n```bash\ncurl x\n```\n\n```json\n{}\n```\n## Errors\n"

        assert examples(page) == [("bash", "curl x\n")]
        assert operations(page) == [("POST", dialects.shape_of("/v1/x/{id}/y"))]


def _run(language: str, text: str, served: str, config: Config) -> subprocess.CompletedProcess[str]:
    """Run an example as a reader would, at our address and with our settings."""
    if shutil.which("curl") is None and "curl" in text:
        pytest.skip("curl is not installed")
    here = text.replace(WRITTEN_FOR, served).replace(
        ".venv/bin/", f"{Path(sys.executable).parent}/"
    )
    commands = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
    settings = {
        name: str(value)
        for name, value in config.model_dump().items()
        if value != "" and not isinstance(value, bool)
    }
    return subprocess.run(
        [*commands[language], here],
        cwd=ROOT,
        env={**os.environ, **settings, "DEMO": "1", "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )

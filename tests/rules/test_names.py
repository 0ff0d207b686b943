"""Files are named after one noun or one verb, and the top level is closed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOP_LEVEL = {
    *("app", "templates", "static", "tests", "config.py", "wsgi.py"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "pyproject.toml"),
    *("requirements", "docs"),
}
SAY_NOTHING = {
    "common",
    "core",
    "handler",
    "helper",
    "manager",
    "misc",
    "processor",
    "service",
    "util",
}


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in listed.stdout.splitlines() if (ROOT / path).exists()]


def strangers(paths: list[str]) -> set[str]:
    """Answer the names at the top level that do not belong there."""
    tops = {path.split("/")[0] for path in paths}
    return {top for top in tops if top not in TOP_LEVEL and not top.startswith(".")}


def empty_words(path: str) -> set[str]:
    """Answer the words in a path that say nothing about what the file is for."""
    # What systemd calls a service is a kind of file.
    words = re.findall(r"[a-z]+", path.lower().removesuffix(".service"))
    return {word for word in words if word.removesuffix("s") in SAY_NOTHING}


class TestTopLevel:
    def test_is_closed(self) -> None:
        assert strangers(tracked_files()) == set()

    def test_notices_a_stranger(self) -> None:
        assert strangers(["scripts/run.sh", ".ci/run", "app/money.py"]) == {"scripts"}


class TestNames:
    def test_say_what_a_file_is_for(self) -> None:
        unsaid = {path: words for path in tracked_files() if (words := empty_words(path))}

        assert unsaid == {}

    @pytest.mark.parametrize("path", ["app/utils.py", "app/billing/checkout_manager.py"])
    def test_notices_a_word_that_says_nothing(self, path: str) -> None:
        assert empty_words(path)

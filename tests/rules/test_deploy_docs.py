"""What docs/deploy.md says is true: its commands, settings and figures exist."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app import create_app
from app.__main__ import programs
from app.billing.site import Site
from app.db.engine import Database
from config import ROOT, Config, load
from tests.cast import World

PAGE = (ROOT / "docs/deploy.md").read_text()
# Functions of Prometheus' own.
PROMQL = {"absent", "sum", "or"}
# Settings of systemd and of PostgreSQL, and what monitoring calls things.
OTHERS = {"SIGTERM", "SIGKILL", "POST", "GET", "DATABASE"}


@pytest.fixture
def flask_app(config: Config, site: Site, database: Database) -> Flask:
    return create_app(config, site=site, database=database)


class TestDeploy:
    def test_names_commands_there_are(self, flask_app: Flask) -> None:
        listed = PAGE.partition("## Commands")[2]
        named = set(re.findall(r"flask --app wsgi ([a-z]+(?: [a-z]+)?)", PAGE))
        named |= set(re.findall(r"`([a-z]+(?: [a-z]+)?)(?: <\w+>| --\w+)*`", listed))

        assert len(named) >= 15
        assert [words for words in named if not _is_command(flask_app, words.split())] == []

    def test_names_programs_there_are(self) -> None:
        named = set(re.findall(r"python -m app ([a-z]+)", PAGE))

        assert named == {"web", "worker"} <= set(programs.commands)

    def test_begins_with_settings_that_are_sound(self) -> None:
        block = next(block for block in PAGE.split("```") if "PORTICO_ENV=production" in block)
        given = dict(re.findall(r"^([A-Z_]+)=(.*)$", block, re.MULTILINE))

        filled = given | {"SECRET_KEY": "x" * 48, "ENCRYPTION_KEYS": "ab" * 32}
        settings = load({name: value.replace("…", "secret") for name, value in filled.items()})

        assert given.keys() <= Config.model_fields.keys()
        assert settings.is_production
        assert settings.LOG_FORMAT == "json"

    def test_speaks_of_settings_there_are(self) -> None:
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)[`=:]", PAGE))

        assert named - OTHERS <= Config.model_fields.keys()

    def test_alerts_on_figures_there_are(self, flask_app: Flask, world: World) -> None:
        world.db.commit()
        asked = {
            name
            for line in re.findall(r"expr: (.*)$", PAGE, re.MULTILINE)
            for name in re.findall(r"[a-z_]{2,}", re.sub(r"\{.*?\}", "", line))
        } - PROMQL
        source = (ROOT / "app/metrics.py").read_text()
        shown = flask_app.test_client().get("/metrics").text

        unknown = [name for name in asked if name not in shown and f'"{name}"' not in source]

        assert len(asked) >= 8
        assert unknown == []


def _is_command(flask_app: Flask, words: list[str]) -> bool:
    found: object = flask_app.cli
    for word in words:
        commands = getattr(found, "commands", None)
        if commands is None:
            return True
        if word not in commands:
            return False
        found = commands[word]
    return True

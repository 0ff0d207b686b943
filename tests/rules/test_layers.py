"""Who may import whom (docs/architecture.md): each import of the program is looked at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = {"config", "money", "clock"}
BELOW = BASE | {"figures", "db", "models", "billing"}

# A shelf is a file or folder directly in app/. It may import itself and what stands here.
MAY_IMPORT: dict[str, set[str]] = {
    "config": set(),
    "money": set(),
    "clock": set(),
    "figures": {"money"},
    "brand": set(),
    "processes": {"config"},
    "logs": {"config"},
    "worker": {"config", "jobs", "logs"},
    "__main__": {"config", "logs", "processes"},
    "sandbox": set(),
    "providers": {"money"},
    "db": BASE,
    "models": BASE | {"db"},
    "migrations": BASE | {"db", "models"},
    "billing": BASE | {"figures", "db", "models", "providers"},
    "mails": BELOW | {"brand"},
    "gangs": set(),
    "jumps": {"clock"},
    "upkeep": BELOW | {"mails"},
    "jobs": BELOW | {"logs", "gangs", "jumps", "mails"},
    "hooks": BELOW | {"jobs"},
    "health": BELOW | {"jobs"},
    "metrics": BELOW | {"jobs"},
    "web": BELOW | {"logs", "brand", "jobs"},
    "api": BELOW | {"logs", "jobs"},
    "portal": BELOW | {"jobs", "web"},
    "console": BELOW | {"brand", "jobs", "web"},
    "cli": BELOW | {"jobs", "mails", "upkeep", "migrations", "processes"},
    "app": BELOW
    | {"jobs", "web", "api", "portal", "console", "hooks", "health"}
    | {"metrics", "cli", "logs"},
}

# Libraries that belong to some shelves only.
ONLY_IN: dict[str, set[str]] = {
    "prometheus_client": {"metrics"},
    "flask": {
        "metrics",
        "web",
        "api",
        "portal",
        "console",
        "hooks",
        "health",
        "cli",
        "app",
        "sandbox",
    },
    "sqlalchemy": BELOW - BASE - {"figures"}
    | {"mails", "migrations", "web", "api", "portal", "console", "hooks", "health", "jobs", "cli"},
    "stripe": {"providers"},
    "mollie": {"providers"},
    "huey": {"jobs", "worker"},
    "smtplib": {"mails"},
    "aiosmtpd": {"sandbox"},
}


def broken_rules(path: str, source: str) -> list[str]:
    """Answer a sentence for each import in this file that breaks a rule."""
    shelf = shelf_of(path)
    if shelf not in MAY_IMPORT:
        return [f"{path}: {shelf} has no line in MAY_IMPORT; decide what it may import"]
    broken = []
    for line, name in imported(path, source):
        ours = name.split(".")[0] in ("app", "config")
        if ours:
            other = shelf_of(name.replace(".", "/"))
            if other != shelf and other not in MAY_IMPORT[shelf]:
                broken.append(f"{path}:{line}: {shelf} may not import {other} ({name})")
        elif shelf not in ONLY_IN.get(name.split(".")[0], {shelf}):
            broken.append(f"{path}:{line}: {shelf} may not import {name}")
    return broken


def shelf_of(path: str) -> str:
    """Answer the shelf a file or a dotted module stands on."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    if parts[:3] == ["app", "db", "migrations"]:
        # They compare the database with every model, and nothing else does.
        return "migrations"
    return parts[1] if len(parts) > 1 else parts[0]


def imported(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Answer line and full name of everything a file imports, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = Path(path).parts[: -node.level]
                base = ".".join([*package, base]).rstrip(".")
            if base == "app":
                yield from ((node.lineno, f"app.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, base


def program_files() -> list[Path]:
    return [ROOT / "config.py", *sorted((ROOT / "app").rglob("*.py"))]


class TestBrokenRules:
    def test_finds_none_in_the_program(self) -> None:
        broken = [
            sentence
            for file in program_files()
            for sentence in broken_rules(str(file.relative_to(ROOT)), file.read_text())
        ]

        assert broken == []

    def test_are_about_shelves_that_are_there(self) -> None:
        there = {shelf_of(str(file.relative_to(ROOT))) for file in program_files()}

        assert there == set(MAY_IMPORT)

    @pytest.mark.parametrize(
        ("path", "source", "sentence"),
        [
            ("app/portal/plans.py", "from app import providers", "portal may not import providers"),
            ("app/portal/plans.py", "import app.console.apps", "portal may not import console"),
            ("app/billing/tax/taxes.py", "from flask import g", "billing may not import flask"),
            (
                "app/providers/base.py",
                "from app.models import app",
                "providers may not import models",
            ),
            (
                "app/models/app.py",
                "def f():\n  from ..billing.tax import taxes",
                "models may not import billing",
            ),
            ("app/sandbox/pages.py", "from app.money import Money", "sandbox may not import money"),
            (
                "app/billing/tax/taxes.py",
                "import app.sandbox.store",
                "billing may not import sandbox",
            ),
            ("app/billing/tax/taxes.py", "import stripe", "billing may not import stripe"),
            ("app/money.py", "from config import Config", "money may not import config"),
            ("app/things/one.py", "", "things has no line in MAY_IMPORT"),
        ],
    )
    def test_names_file_and_rule(self, path: str, source: str, sentence: str) -> None:
        (broken,) = broken_rules(path, source)

        assert path in broken
        assert sentence in broken

    @pytest.mark.parametrize(
        ("path", "source"),
        [
            ("app/portal/plans.py", "from app.billing.purchase import checkouts"),
            (
                "app/billing/purchase/checkouts.py",
                "from . import keys\nfrom app.providers import base",
            ),
            ("app/providers/stripe/client.py", "import stripe\nfrom app import money"),
            ("app/__init__.py", "from app.portal import plans"),
        ],
    )
    def test_lets_the_rest_be(self, path: str, source: str) -> None:
        assert broken_rules(path, source) == []

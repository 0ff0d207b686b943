"""Migrations after the first change tables that are full and in use: none holds one up.

What is careless on a big table of PostgreSQL is looked for in each `upgrade`; docs/deploy.md says
what to do instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from app.db import revisions
from config import ROOT

FIRST = "0001"
TAKING = {"drop_table", "drop_column", "rename_table"}
# What may go, each a table or "table.column", and the version that used it last.
GONE: dict[str, str] = {}


def careless(source: str) -> list[str]:
    """Answer a sentence for each careless act in the `upgrade` of a migration."""
    tree = ast.parse(source)
    made = {_text(call.args[0]) for call in _calls(tree) if _name(call) == "create_table"}
    upgrade = next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    return [
        f"{_name(call)}: {fault}"
        for call in _calls(upgrade)
        if (fault := _fault(call)) and not _text_arguments(call) & made and not _may_go(call)
    ]


def _fault(call: ast.Call) -> str:
    name, given = _name(call), {word.arg: word.value for word in call.keywords}
    if name in TAKING:
        return "the version before still uses it; take it away a minor version later, by GONE"
    if name in ("create_index", "drop_index") and not _is_true(
        given.get("postgresql_concurrently")
    ):
        return "locks the table; postgresql_concurrently=True in an autocommit_block does not"
    if name == "alter_column" and given.keys() & {"type_", "new_column_name", "nullable"}:
        return "rewrites or reads the whole table; add a column, fill it, and switch over"
    if name in ("create_foreign_key", "create_check_constraint") and not _is_true(
        given.get("postgresql_not_valid")
    ):
        return "reads the whole table under a lock; postgresql_not_valid=True, then VALIDATE"
    if name == "create_unique_constraint":
        return "builds an index under a lock; create a unique index concurrently"
    if name == "add_column" and _is_required_without_default(call):
        return "the version before leaves it empty; give it a server_default or nullable=True"
    return ""


def _may_go(call: ast.Call) -> bool:
    return _name(call) in TAKING and ".".join(map(_text, call.args)) in GONE


def _is_required_without_default(call: ast.Call) -> bool:
    column = next((part for part in call.args if isinstance(part, ast.Call)), None)
    words = {word.arg: word.value for word in column.keywords} if column else {}
    nullable = words.get("nullable")
    is_nullable = nullable is None or _is_true(nullable)
    return not is_nullable and "server_default" not in words


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(node: ast.AST) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _text_arguments(call: ast.Call) -> set[str]:
    return {_text(part) for part in call.args if _text(part)}


def _is_true(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def migration(lines: str) -> str:
    return (
        f"def upgrade() -> None:\n    {lines}\n\n\ndef downgrade() -> None:\n    op.drop_table('x')"
    )


class TestMigrations:
    def test_after_the_first_are_careful(self) -> None:
        found = {
            file.name: faults
            for file in revisions.FOLDER.glob("*.py")
            if not file.name.startswith(FIRST) and (faults := careless(file.read_text()))
        }

        assert found == {}

    def test_are_where_they_are_looked_for(self) -> None:
        assert list(revisions.FOLDER.glob(f"{FIRST}_*.py"))
        assert revisions.FOLDER.is_relative_to(ROOT)

    @pytest.mark.parametrize(
        ("lines", "word"),
        [
            ('op.create_index("ix", "payment", ["x"])', "concurrently"),
            ('op.drop_index("ix", "payment")', "concurrently"),
            ('op.drop_column("payment", "x")', "version later"),
            ('op.drop_table("payment")', "version later"),
            ('op.alter_column("payment", "x", type_=sa.Text())', "whole table"),
            ('op.alter_column("payment", "x", nullable=False)', "whole table"),
            ('op.create_foreign_key("fk", "payment", "app", ["a"], ["id"])', "not_valid"),
            ('op.create_check_constraint("ck", "payment", "x > 0")', "not_valid"),
            ('op.create_unique_constraint("uq", "payment", ["x"])', "concurrently"),
            ('op.add_column("payment", sa.Column("x", sa.Text(), nullable=False))', "default"),
        ],
    )
    def test_are_told_what_is_careless(self, lines: str, word: str) -> None:
        (fault,) = careless(migration(lines))

        assert word in fault

    @pytest.mark.parametrize(
        "lines",
        [
            'op.create_table("later", sa.Column("id", sa.BigInteger()))',
            'op.create_table("later")\n    op.create_index("ix", "later", ["x"])',
            'op.create_index("ix", "payment", ["x"], postgresql_concurrently=True)',
            'op.add_column("payment", sa.Column("x", sa.Text()))',
            'op.add_column("p", sa.Column("x", sa.Text(), server_default="", nullable=False))',
            'op.create_foreign_key("fk", "p", "app", ["a"], ["id"], postgresql_not_valid=True)',
            'op.execute("ALTER TABLE p VALIDATE CONSTRAINT fk")',
        ],
    )
    def test_are_let_be_where_they_are_careful(self, lines: str) -> None:
        assert careless(migration(lines)) == []

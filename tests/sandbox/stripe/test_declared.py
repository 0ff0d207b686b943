"""The sandbox's own tables say what Stripe's contract says."""

from __future__ import annotations

from app.sandbox.stripe.declared import FILE
from tests.sandbox.stripe import declare


def test_the_declared_tables_are_those_of_the_contract() -> None:
    assert FILE.read_text() == declare.declare(), "run python -m tests.sandbox.stripe.declare"

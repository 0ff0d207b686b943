"""Ids look like the provider's, are the same for the same seed, and never repeat."""

from __future__ import annotations

from pathlib import Path

from app.sandbox.world import World
from tests.sandbox_server import SandboxServer


def ids(world: World, key: str = "sk_test_sandbox_ids", number: int = 20) -> list[str]:
    account = world.account("stripe", key)
    return [account.mint("cus_", 14) for _ in range(number)]


def test_the_same_seed_gives_the_same_ids() -> None:
    assert ids(World(seed="one")) == ids(World(seed="one"))
    assert ids(World(seed="one")) != ids(World(seed="two"))
    assert ids(World()) != ids(World())


def test_accounts_never_share_an_id() -> None:
    world = World(seed="one")

    assert not set(ids(world)) & set(ids(world, key="sk_test_sandbox_other"))


def test_ids_go_on_after_a_reset(sandbox: SandboxServer) -> None:
    before = ids(sandbox.app.world)

    sandbox.reset()

    assert not set(before) & set(ids(sandbox.app.world))


def test_ids_go_on_after_a_restart(tmp_path: Path) -> None:
    first = World(state=tmp_path / "state.db")
    before = ids(first)
    first.close()
    second = World(state=tmp_path / "state.db")

    assert not set(before) & set(ids(second))
    second.close()

"""Who buys in these tests."""

from __future__ import annotations

import pytest

from app.billing.site import Site
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.sandbox_server import SandboxServer


@pytest.fixture
def tara(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    """Answer Tara, who buys for Globex in euros."""
    return Buyer(world, site, sandbox, world.tara)


@pytest.fixture
def milo(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    """Answer Milo, a member of Globex who may only look."""
    return Buyer(world, site, sandbox, world.milo)


@pytest.fixture
def peter(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    """Answer Peter, who buys for Initech in dollars."""
    return Buyer(world, site, sandbox, world.peter)

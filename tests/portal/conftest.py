"""The people who visit the portal."""

import pytest

from app.billing.site import Site
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.pages import flask_app, milo, new_app, nobody, peter, tara
from tests.sandbox_server import SandboxServer

__all__ = ["flask_app", "milo", "new_app", "nobody", "peter", "tara"]


@pytest.fixture
def buyer(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    """Answer Tara as she buys and lives on outside the pages."""
    return Buyer(world, site, sandbox, world.tara)

"""The people who visit the console."""

import pytest
from flask import Flask

from app.billing.site import Site
from app.models import AppMember
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.pages import Visitor, flask_app, milo, new_app, nobody, peter, tara
from tests.sandbox_server import SandboxServer

__all__ = ["flask_app", "milo", "new_app", "nobody", "peter", "tara"]


@pytest.fixture
def alice(flask_app: Flask, world: World) -> Visitor:
    """Answer the owner of the app."""
    return Visitor(flask_app, world.alice)


@pytest.fixture
def support(flask_app: Flask, world: World) -> Visitor:
    """Answer Charlie, who helps the customers of the app."""
    world.db.add(AppMember(app_id=world.app.id, user_id=world.charlie.id, role="support"))
    world.db.commit()
    return Visitor(flask_app, world.charlie)


@pytest.fixture
def buyer(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    """Answer Tara as she buys and lives on outside the pages."""
    return Buyer(world, site, sandbox, world.tara)

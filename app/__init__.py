"""Portico: the billing portal a SaaS puts in front of its customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.billing.site import Site
    from app.db.engine import Database
    from config import Config


def create_app(
    config: Config | None = None, *, site: Site | None = None, database: Database | None = None
) -> Flask:
    """Wire every part; what is not given is made from the environment."""
    import config as settings
    from app import api, cli, console, health, hooks, metrics, portal, web
    from app.billing.site import site_for
    from app.db.engine import Database
    from app.logs import requests

    config = config or settings.load()
    flask_app = web.make(config)
    flask_app.extensions["site"] = site or site_for(config)
    flask_app.extensions["database"] = database or Database(
        config.DATABASE_URL, pool=config.DATABASE_POOL
    )
    for part in (portal, console, hooks, health, metrics, cli, api):
        part.install(flask_app)
    web.hear_out(flask_app, config)
    flask_app.wsgi_app = requests.wrap(flask_app.wsgi_app)  # type: ignore[assignment, method-assign]
    return flask_app

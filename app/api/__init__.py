"""The APIs: five dialects for the same checkout sessions, and what comes with them.

Each dialect keeps to a description that was there before it, called its seed: 000 is `tenant_v1`,
001 `provider_v1`, 002 `bearer_v1`, 003 `articles_v1` and 004 `line_items_v2`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response


def install(flask_app: Flask) -> None:
    """Serve every dialect; below the paths it owns, each says every failure in its own shape.

    Where several own a path, the first one does.
    """
    from app.api import (
        articles_v1,
        bearer_v1,
        billing_portals,
        calls,
        catalogue,
        dialects,
        limits,
        line_items_v2,
        origins,
        portal_links,
        provider_v1,
        records,
        reference,
        tenant_v1,
        tenants,
        tokens,
        webhook_endpoints,
    )

    config = flask_app.extensions["site"].config
    parts = (
        *(tenant_v1, line_items_v2, articles_v1),
        *(portal_links, billing_portals, tokens, catalogue, records, tenants, webhook_endpoints),
        *(bearer_v1, provider_v1),
    )
    spoken = tuple(part.dialect for part in parts)
    counting = limits.Limits(config)
    for part in parts:
        flask_app.extensions["csrf"].exempt(part.blueprint)
        counting.guard(flask_app, part.blueprint.name)
        flask_app.register_blueprint(part.blueprint)
    counting.guard_starts(flask_app, "checkout")
    flask_app.register_blueprint(reference.blueprint)
    flask_app.extensions["dialects"] = spoken
    calls.install(flask_app)
    origins.install(flask_app, spoken)

    def refusals(path: str) -> Callable[[Exception], Response] | None:
        owner = dialects.owner(spoken, path)
        return owner.refuse if owner else None

    flask_app.extensions["refusals"] = refusals

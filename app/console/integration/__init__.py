"""Integration: keys, origins, webhooks and the calls by which an app's own programs reach us."""

from __future__ import annotations

from flask import Flask


def install(flask_app: Flask) -> None:
    """Serve the pages below `integration`."""
    # Each module hangs its pages on the area.
    from app.console.integration import (  # noqa: F401
        area,
        endpoint,
        endpoints,
        keys,
        origins,
        playground,
        signing_keys,
    )

    flask_app.register_blueprint(area.integration)

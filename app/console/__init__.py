"""Pages for the app owner."""

from __future__ import annotations

from flask import Flask


def install(flask_app: Flask) -> None:
    """Serve every page of the console."""
    from app.console import start

    flask_app.register_blueprint(start.console)

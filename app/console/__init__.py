"""Pages for the app owner."""

from __future__ import annotations

from flask import Flask


def install(flask_app: Flask) -> None:
    """Serve every page of the console."""
    from app.console import areas, audit, home, start

    flask_app.add_template_global(areas.listed, "console_areas")
    for page in (
        start.console,
        home.home,
        audit.audit,
    ):
        flask_app.register_blueprint(page)

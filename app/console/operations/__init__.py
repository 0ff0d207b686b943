"""Operations: what was sold, what became of it, and what to do where something went wrong."""

from __future__ import annotations

from flask import Flask


def install(flask_app: Flask) -> None:
    """Serve the pages below `operations`."""
    # Each module hangs its pages on the area.
    from app.console.operations import (  # noqa: F401
        area,
        cancel,
        cases,
        deliveries,
        events,
        health,
        lists,
        money,
        refund,
        reviews,
        search,
        words,
    )

    words.install(flask_app)
    flask_app.register_blueprint(area.operations)

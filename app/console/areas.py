"""The parts of the console, as its bar lists them."""

from __future__ import annotations

from flask import current_app
from flask_babel import lazy_gettext

# Blueprint, path below the app, name; in the order of the bar.
_AREAS = (
    ("home", "", lazy_gettext("Home")),
    ("operations", "operations", lazy_gettext("Operations")),
    ("customers", "customers", lazy_gettext("Customers")),
    ("catalogue", "catalogue", lazy_gettext("Catalogue")),
    ("providers", "providers", lazy_gettext("Providers")),
    ("integration", "integration", lazy_gettext("Integration")),
    ("settings", "settings", lazy_gettext("Settings")),
    ("audit", "audit", lazy_gettext("Audit log")),
)


def listed() -> list[tuple[str, str, str]]:
    """Answer the parts there are."""
    return [
        (area, path, str(name)) for area, path, name in _AREAS if area in current_app.blueprints
    ]

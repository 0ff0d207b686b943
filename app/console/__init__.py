"""Pages for the app owner."""

from __future__ import annotations

from flask import Flask


def install(flask_app: Flask) -> None:
    """Serve every page of the console."""
    from app.console import (
        app_invitations,
        areas,
        audit,
        branding,
        customer_data,
        customer_links,
        customer_people,
        customer_views,
        customers,
        home,
        members,
        settings,
        setup,
        start,
    )

    flask_app.add_template_global(areas.listed, "console_areas")
    for page in (
        start.console,
        home.home,
        audit.audit,
        setup.setup,
        settings.settings,
        branding.branding,
        members.members,
        app_invitations.app_invitations,
        customers.customers,
        customer_people.customer_people,
        customer_links.customer_links,
        customer_views.customer_views,
        customer_data.customer_data,
    ):
        flask_app.register_blueprint(page)

"""Pages for the app owner."""

from __future__ import annotations

from flask import Flask


def install(flask_app: Flask) -> None:
    """Serve every page of the console."""
    from app.console import (
        app_invitations,
        areas,
        at_providers,
        audit,
        branding,
        catalogue,
        connections,
        customer_data,
        customer_links,
        customer_people,
        customer_views,
        customers,
        going_live,
        home,
        integration,
        members,
        operations,
        prices,
        provider_webhooks,
        providers,
        settings,
        setup,
        start,
        tax,
        two_factor_rule,
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
        two_factor_rule.two_factor_rule,
        app_invitations.app_invitations,
        customers.customers,
        customer_people.customer_people,
        customer_links.customer_links,
        customer_views.customer_views,
        customer_data.customer_data,
        catalogue.catalogue,
        prices.prices,
        tax.tax,
        at_providers.at_providers,
        providers.providers,
        connections.connections,
        provider_webhooks.provider_webhooks,
        going_live.going_live,
    ):
        flask_app.register_blueprint(page)
    operations.install(flask_app)
    integration.install(flask_app)

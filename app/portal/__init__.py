"""Pages for the tenant who pays."""

from __future__ import annotations

from flask import Flask


def install(flask_app: Flask) -> None:
    """Serve every page of the portal."""
    from app.portal import (
        activity,
        cancelations,
        checkout,
        checkouts,
        details,
        invitations,
        invoices,
        links,
        overview,
        pay,
        payment_methods,
        people,
        plan_changes,
        plans,
        returns,
        subscription,
    )
    from app.web import invoice_words

    invoice_words.install(flask_app)
    for page in (
        overview.overview,
        activity.activity,
        plans.plans,
        subscription.subscription,
        plan_changes.plan_changes,
        cancelations.cancelations,
        checkout.checkout,
        checkouts.checkouts,
        details.details,
        payment_methods.payment_methods,
        invoices.invoices,
        people.people,
        invitations.invitations,
        links.links,
        pay.pay,
        returns.returns,
    ):
        flask_app.register_blueprint(page)

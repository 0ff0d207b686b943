"""Pages for the tenant who pays."""

from __future__ import annotations

from flask import Flask


def install(flask_app: Flask) -> None:
    """Serve every page of the portal."""
    from app.portal import (
        checkout,
        checkouts,
        details,
        links,
        overview,
        pay,
        payment_methods,
        plans,
        returns,
        words,
    )

    words.install(flask_app)
    for page in (
        overview.overview,
        plans.plans,
        checkout.checkout,
        checkouts.checkouts,
        details.details,
        payment_methods.payment_methods,
        links.links,
        pay.pay,
        returns.returns,
    ):
        flask_app.register_blueprint(page)

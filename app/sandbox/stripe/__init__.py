"""Stripe's half of the sandbox: its API below /stripe/v1, its hosted pages beside it."""

from flask import Flask

from app.sandbox import gateway
from app.sandbox.guide import Guide
from app.sandbox.stripe import methods, renewals, settlements
from app.sandbox.stripe.hosted import hosted
from app.sandbox.stripe.provider import ROUTES, StripeProvider
from app.sandbox.world import World

# Imported for the timed work they register.
REGISTERED = (renewals, settlements)
GUIDES: tuple[Guide, ...] = methods.GUIDES


def mount(app: Flask, world: World) -> None:
    """Serve Stripe's API below `/stripe` and its hosted pages."""
    gateway.mount(app, world, StripeProvider(), ROUTES)
    app.register_blueprint(hosted)

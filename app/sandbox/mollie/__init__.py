"""Mollie's half of the sandbox."""

from flask import Flask

from app.sandbox import gateway
from app.sandbox.guide import Guide
from app.sandbox.mollie import (
    cards,
    chargebacks,
    customers,
    mandates,
    methods,
    payments,
    profiles,
    refunds,
    subscriptions,
    webhooks,
)
from app.sandbox.mollie.checkout import checkout
from app.sandbox.mollie.protocol import MollieProvider
from app.sandbox.world import World

GUIDES = (
    Guide(
        "Mollie: cards",
        tuple(
            (" ".join(card.number[at : at + 4] for at in range(0, 16, 4)), f"{card.effect}.")
            for card in cards.CARDS.values()
        ),
    ),
    Guide(
        "Mollie: banks, amounts, time",
        (
            (cards.BANKS["poorbank"].name, "pays now; later direct debits fail after 3 days."),
            (
                cards.BANKS["closingbank"].name,
                "the same, and its mandate is invalid from then on.",
            ),
            ("1001.00 to 1011.00 EUR by card", "fails, each for Mollie's reason of that amount."),
            ("Delay", "leaves a payment pending; it is paid a day later on the sandbox's clock."),
            (
                "An open payment",
                (
                    "expires after 15 min (iDEAL), 30 min (card, or open choice), 1 h (other), "
                    "72 h (PayPal). All but iDEAL can be canceled by the shop."
                ),
            ),
            (
                "A subscription",
                (
                    "charges at 00:00 UTC of its date: cards and PayPal at once, direct debits "
                    "after 3 days. It does not stop after 10 payments as in Mollie's test mode."
                ),
            ),
            ("A refund", "is pending for 2 hours, then processing for a day, then refunded."),
            ("The page of a paid payment", "can take it back, as the payer's bank would."),
            ("mandate_pending", "leaves the next mandate pending for 72 hours."),
            ("wrong_amount", "makes the next payment end with 1.00 more than asked."),
        ),
    ),
)
RESOURCES = (customers, payments, mandates, subscriptions, refunds, chargebacks, methods, profiles)

__all__ = ["GUIDES", "mount", "webhooks"]


def mount(app: Flask, world: World) -> None:
    """Serve Mollie's API below `/mollie/v2` and its pages below `/mollie/checkout`."""
    app.register_blueprint(checkout)
    routes = [route for resource in RESOURCES for route in resource.routes.routes]
    gateway.mount(app, world, MollieProvider(), routes)

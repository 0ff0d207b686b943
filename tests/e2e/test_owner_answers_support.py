"""“I paid and see nothing”: from an e-mail address to cause and next check in three clicks; and all
pages an owner answers from are open to everybody."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.models import (
    CheckoutSession,
    Invoice,
    Payment,
    ProviderEvent,
    Subscription,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from tests import payer
from tests.cast import World
from tests.e2e.actors import Payer
from tests.e2e.inspection import is_open_to_all
from tests.sandbox_server import SandboxServer


@pytest.fixture
def here(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/operations"


class TestSomebodyPaidAndSeesNothing:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_is_answered_in_three_clicks(
        self,
        tara: Payer,
        alice: Payer,
        world: World,
        here: str,
        sandbox: SandboxServer,
        method: str,
    ) -> None:
        """The provider's call is lost, and the payer never comes back."""
        sandbox.fault("drop", target="webhook", provider=method.partition("-")[0], times=20)
        tara.orders("team", "month", method=method)
        payer.pays(tara.page.url)

        alice.opens(f"/console/apps/{world.app.uuid}/")
        with alice.page.expect_navigation():
            alice.page.get_by_role("link", name="Operations", exact=True).click()
        alice.at("console-operations-search").fill("tara@globex.example")
        alice.presses("console-operations-find")

        alice.sees_heading("Billing of Globex")
        alice.reads("Checkout opened")
        alice.reads("Portico asks the provider about the purchase again at")
        alice.presses("console-operations-look")
        alice.reads("What is new:")
        alice.reads("Plan active")
        alice.reads("by alice@acme.example")
        tara.goes_to("")
        tara.reads("Active")


class TestTheirPages:
    def test_are_open_to_all(self, tara: Payer, alice: Payer, world: World, here: str) -> None:
        tara.orders("team", "month", method="stripe-card")
        tara.pays()
        tara.sees_checkout("active")
        _tells_endpoint(world)

        for place in _places(world):
            alice.opens(here + place)
            is_open_to_all(alice)

    def test_of_acts_are_open_to_all(
        self, tara: Payer, alice: Payer, world: World, here: str, sandbox: SandboxServer
    ) -> None:
        tara.orders("team", "month", method="mollie-card")
        sandbox.fault("wrong_amount", provider="mollie")
        tara.pays()
        tara.sees_checkout("needs_review")
        checkout = world.db.scalars(select(CheckoutSession.uuid)).one()
        world.db.commit()

        for place in ("", "/reviews", f"/checkouts/{checkout}", f"/reviews/{checkout}"):
            alice.opens(here + place)
            is_open_to_all(alice)
        alice.presses("console-operations-accept")
        alice.is_told_of("Write why, for those who look at this later.")
        is_open_to_all(alice)
        alice.page.get_by_role("textbox", name="Why").fill("The customer wrote to us.")
        alice.presses("console-operations-accept")
        alice.reads("Accepted: the customer has what they paid for.")
        is_open_to_all(alice)

        payment = world.db.scalars(select(Payment.uuid)).one()
        plan = world.db.scalars(select(Subscription.uuid)).one()
        world.db.commit()
        alice.opens(f"{here}/payments/{payment}/refund")
        is_open_to_all(alice)
        alice.page.get_by_label("Amount").fill("5")
        alice.page.get_by_role("textbox", name="Why").fill("A gesture")
        alice.presses("console-operations-refund-continue")
        alice.sees_heading("Give €5.00 back?")
        is_open_to_all(alice)
        alice.presses("console-operations-refund-confirm")
        alice.reads("€5.00 goes back.")
        is_open_to_all(alice)
        alice.opens(f"{here}/subscriptions/{plan}/cancel")
        is_open_to_all(alice)
        alice.page.get_by_label("Now: it stops working at once").check()
        alice.presses("console-operations-cancel-confirm")
        alice.reads("The plan has ended.")
        is_open_to_all(alice)


def _places(world: World) -> list[str]:
    """Answer a page of each kind."""
    lists = ("checkouts", "subscriptions", "payments", "invoices", "events", "deliveries")
    found = [
        f"/{kind}/{world.db.scalars(select(model.uuid).limit(1)).one()}"
        for kind, model in (
            ("checkouts", CheckoutSession),
            ("subscriptions", Subscription),
            ("payments", Payment),
            ("events", ProviderEvent),
            ("deliveries", WebhookDelivery),
        )
    ]
    found += [f"/invoices/{uuid}" for uuid in world.db.scalars(select(Invoice.uuid).limit(1))]
    found += [f"/tenants/{world.globex.uuid}", "/search?q=nothing", ""]
    world.db.commit()
    return [*found, *(f"/{kind}" for kind in lists), "/reviews", "/health", "/money"]


def _tells_endpoint(world: World) -> None:
    event = world.db.scalars(select(WebhookEvent).limit(1)).one()
    endpoint = WebhookEndpoint(
        app_id=world.app.id, url="https://app.example.com/hooks", sealed_secret=""
    )
    world.db.add(
        WebhookDelivery(
            event=event, endpoint=endpoint, lane=event.lane, state="failed", tries_left=0
        )
    )
    world.db.commit()

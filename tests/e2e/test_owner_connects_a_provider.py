"""An owner connects a provider: test keys in, a check, a first sale, a new key, and out again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import ProviderAccount
from tests.cast import World
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.e2e.inspection import is_open_to_all

KEY = "sk_test_sandbox_journey"


@pytest.fixture
def alice(meet: Meet, world: World, db: Session) -> Payer:
    """Answer the owner of an app to which nothing is connected yet, signed in."""
    db.execute(
        update(ProviderAccount).values(
            disconnected_at=world.app.created_at, connected_at=None, sealed_credentials=""
        )
    )
    db.commit()
    alice = meet(world.alice, world.globex)
    alice.signs_in()
    return alice


def finds(person: Payer, finding: str) -> None:
    expect(person.page.locator(f"[data-finding={finding}]")).to_be_visible()


class TestAnOwner:
    def test_connects_stripe_sells_replaces_the_key_and_leaves(
        self,
        alice: Payer,
        tara: Payer,
        world: World,
        db: Session,
        news_arrives: Callable[[], None],
    ) -> None:
        alice.opens(f"/console/apps/{world.app.uuid}/providers")
        is_open_to_all(alice)
        alice.at("console-providers-test-stripe").click()
        alice.at("console-providers-key").fill("sk_live_of_the_real_account")
        alice.presses("console-providers-connect")
        alice.is_told_of(
            "This is a live key: it moves real money. Connect it as the live account, or copy the"
            " test key."
        )
        is_open_to_all(alice)
        alice.at("console-providers-key").fill(KEY)
        alice.at("console-providers-connect").dblclick()
        alice.sees_heading("Stripe, test account")
        alice.reads("The account is connected.")

        alice.presses("console-providers-check")
        finds(alice, "webhook_good")
        finds(alice, "arrivals_none")
        is_open_to_all(alice)
        tara.orders("team", method="stripe-card")
        tara.pays()
        tara.sees_checkout("active")
        news_arrives()
        alice.presses("console-providers-check")
        finds(alice, "arrivals_seen")

        alice.at("console-providers-replace-key").click()
        is_open_to_all(alice)
        alice.at("console-providers-key").fill(f"{KEY}__rolled")
        alice.presses("console-providers-connect")
        alice.reads("Now revoke the old one at Stripe.")
        alice.at("console-providers-webhook").click()
        is_open_to_all(alice)
        alice.presses("console-providers-register")
        alice.reads("The webhook is registered anew")

        alice.at("console-providers-disconnect").click()
        alice.reads("1 plan runs at it.")
        is_open_to_all(alice)

    def test_is_told_by_a_restricted_key_what_to_do_by_hand(
        self, alice: Payer, world: World
    ) -> None:
        alice.opens(f"/console/apps/{world.app.uuid}/providers/test/stripe")
        alice.at("console-providers-key").fill("rk_test_sandbox_journey")
        alice.presses("console-providers-connect")
        alice.sees_heading("Webhook of Stripe")
        alice.page.get_by_text("29 events").click()
        is_open_to_all(alice)

        alice.at("console-providers-webhook-secret").fill("whsec_" + "b2" * 16)
        alice.presses("console-providers-webhook-keep")
        alice.reads("Events are believed from now on.")

        alice.at("console-providers-disconnect").click()
        is_open_to_all(alice)
        alice.presses("console-providers-disconnect-confirm")
        alice.reads("could not be removed: delete it in the dashboard")
        is_open_to_all(alice)
        alice.at("console-providers-live").click()
        alice.sees_heading("Going live")
        alice.reads("it can never go live")
        is_open_to_all(alice)

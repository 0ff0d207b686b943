"""Plans ended by an owner: once, at both providers, and on record."""

from __future__ import annotations

import pytest

from app.billing.errors import NotAllowed, ProviderUnavailable
from app.billing.operations import owner_cancelations
from app.billing.operations.owner_cancelations import When
from app.models import AuditEntry, Mail, Subscription, TimelineEntry
from app.providers import errors
from tests.billing import owners
from tests.billing.operations.members import WHY, alice
from tests.billing.purchases import Buyer, raising
from tests.billing.running_plans import CARDS, bought, changes, plan


def cancels(buyer: Buyer, when: When) -> Subscription:
    row = plan(buyer)
    return owner_cancelations.cancel(
        buyer.db, buyer.site, alice(buyer), row.uuid, when=when, reason=WHY
    )


def comments(buyer: Buyer) -> list[str | None]:
    """Answer what stands on subscriptions at Stripe about why they ended."""
    account = owners.at_stripe(buyer.world, buyer.site, buyer.sandbox)
    return [found["cancellation_details"]["comment"] for found in account.find("subscriptions")]


class TestEndingAPlan:
    @pytest.mark.parametrize("method", CARDS)
    def test_at_once_ends_it_here_and_there(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        ended = cancels(tara, "now")

        assert (ended.status, ended.end_reason) == ("canceled", "canceled")
        assert "subscription.canceled" in tara.told()
        (asked,) = tara.rows(TimelineEntry, TimelineEntry.kind == "subscription.cancel_asked")
        assert asked.cause == f"user {tara.world.alice.uuid}"
        assert [row.kind for row in tara.rows(Mail) if row.kind == "canceled"] == ["canceled"]
        if method == "stripe-card":
            assert comments(tara) == [WHY]
        tara.waits("2 months")
        tara.sweeps()
        assert len(tara.payments()) == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_with_its_period_lets_it_run_until_then(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        row = cancels(tara, "period_end")

        assert row.status == "canceling"
        (audit,) = tara.rows(AuditEntry)
        assert audit.action == "subscription.canceled"
        (asked,) = tara.rows(TimelineEntry, TimelineEntry.kind == "subscription.cancel_asked")
        assert asked.cause == f"user {tara.world.alice.uuid}"

    @pytest.mark.parametrize("method", CARDS)
    def test_that_was_to_end_later_ends_at_once(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        cancels(tara, "period_end")

        assert cancels(tara, "now").status == "canceled"

    @pytest.mark.parametrize("method", CARDS)
    def test_drops_a_change_that_waits(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        changes(tara, "starter", moment="period_end")

        assert cancels(tara, "period_end").status == "canceling"
        assert "subscription.change_dropped" in tara.timeline()

    def test_asked_twice_is_noted_once(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")

        cancels(tara, "now")
        cancels(tara, "now")

        assert len(tara.rows(AuditEntry)) == 1

    def test_is_done_later_where_the_provider_does_not_answer(self, tara: Buyer) -> None:
        bought(tara, "mollie-card")
        dumb = tara.where(cancel_subscription=raising(errors.Unavailable("no answer")))

        with pytest.raises(ProviderUnavailable):
            cancels(dumb, "now")
        tara.waits("10 minutes")
        tara.sweeps()

        assert plan(tara).status == "canceled"
        assert len(tara.rows(AuditEntry)) == 1

    def test_is_for_owners(self, tara: Buyer) -> None:
        row = bought(tara, "stripe-card")

        with pytest.raises(NotAllowed):
            owner_cancelations.cancel(
                tara.db, tara.site, alice(tara, role="support"), row.uuid, when="now"
            )
        assert plan(tara).status == "active"

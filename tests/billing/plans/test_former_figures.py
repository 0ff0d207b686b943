"""What a plan cost before it changed is kept, change by change."""

from __future__ import annotations

import pytest

from app.models import FormerFigure
from tests.billing.purchases import Buyer
from tests.billing.running_plans import CARDS, bought, changes, lives_on, plan


@pytest.mark.parametrize("method", CARDS)
def test_is_kept_from_the_beginning_to_each_change(tara: Buyer, method: str) -> None:
    begun = bought(tara, method).started_at

    # At Stripe at once, at Mollie with the next charge.
    changes(tara, "business")
    lives_on(tara, "1 month")
    changes(tara, "team", "year")
    lives_on(tara, "1 month")

    first, second = tara.rows(FormerFigure)
    assert [(row.net, row.interval) for row in (first, second)] == [
        (3800, "month"),
        (7800, "month"),
    ]
    assert begun == first.from_at <= first.until_at == second.from_at < second.until_at
    assert plan(tara).net == 38000
    assert {row.provider_account_id for row in (first, second)} == {plan(tara).provider_account_id}

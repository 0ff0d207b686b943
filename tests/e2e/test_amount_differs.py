"""The provider took another amount than Tara accepted: a person looks, nothing is hidden."""

from __future__ import annotations

import pytest

from tests.cast import World
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.sandbox_server import SandboxServer


class TestAmountDiffers:
    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_is_looked_at_by_a_person(
        self, tara: Payer, meet: Meet, world: World, sandbox: SandboxServer, provider: str
    ) -> None:
        tara.orders("team", "month", method=f"{provider}-card")
        sandbox.fault("wrong_amount", provider=provider)

        tara.pays()

        tara.sees_checkout("needs_review")
        tara.reads("The amount that was paid differs from the amount you accepted.")
        tara.does_not_see("try-again")
        alice = meet(world.alice, world.globex)
        alice.types_password()
        alice.reads("Payments that need you")
        alice.reads("Globex")

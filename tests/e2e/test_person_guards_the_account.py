"""A person guards their account: a second factor, and an eye on where they are signed in."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.cast import World
from tests.e2e import inspection
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.e2e.inspection import is_open_to_all
from tests.web.signing_in import code_of, fresh_code


@pytest.fixture
def tara(meet: Meet, world: World) -> Payer:
    """Answer the admin of Globex, in a browser and sign-in of her own."""
    tara = meet(world.tara, world.globex)
    tara.types_password()
    return tara


class TestTwoFactors:
    def test_are_set_up_and_asked_for_and_a_recovery_code_helps_out(
        self, tara: Payer, meet: Meet, world: World
    ) -> None:
        tara.goes_to("")
        tara.presses("account")
        is_open_to_all(tara)
        tara.presses("account-two-factor")
        is_open_to_all(tara)
        secret = tara.at("two-factor-secret").inner_text().replace(" ", "")
        tara.at("two-factor-code").fill(code_of(secret))
        tara.presses("two-factor-enable")
        tara.sees_heading("Your recovery codes")
        codes = tara.at("recovery-codes").inner_text().split()
        faults = inspection.faults(tara.page)
        assert not faults, "\n".join(faults)
        tara.presses("recovery-codes-kept")
        tara.sees_heading("Your account")

        laptop, phone = meet(world.tara, world.globex), meet(world.tara, world.globex)
        laptop.types_password()
        laptop.sees_heading("Enter your code")
        is_open_to_all(laptop)
        laptop.at("sign-in-code").fill("123")
        laptop.presses("sign-in-code-submit")
        laptop.is_told_of("This code does not fit. Each code works once: wait for the next one.")
        laptop.at("sign-in-code").fill(fresh_code(secret))
        laptop.presses("sign-in-code-submit")
        laptop.sees_heading("Billing for Globex")

        phone.types_password()
        phone.at("sign-in-code").fill(codes[0])
        phone.presses("sign-in-code-submit")
        phone.sees_heading("Billing for Globex")

        tara.opens("/account")
        buttons = tara.page.get_by_role("button", name="Sign out (")
        expect(buttons).to_have_count(3)
        tara.opens("/account/two-factor")
        tara.reads("9 recovery codes have not been used.")
        is_open_to_all(tara)
        tara.presses("two-factor-off")
        is_open_to_all(tara)

    def test_are_no_hindrance_to_signing_out_everywhere(
        self, tara: Payer, meet: Meet, world: World
    ) -> None:
        elsewhere = meet(world.tara, world.globex)
        elsewhere.types_password()
        tara.opens("/account")
        tara.presses("sessions-end")
        is_open_to_all(tara)
        tara.presses("sessions-end-confirm")
        tara.reads("You are signed out everywhere.")

        elsewhere.goes_to("plans")

        elsewhere.sees_heading("Sign in to your billing")

    def test_wait_for_a_password_that_is_changed(self, tara: Payer) -> None:
        tara.opens("/account/password")
        is_open_to_all(tara)
        tara.at("account-password").fill("wrong")
        tara.at("account-new-password").fill("four words in a row")
        tara.presses("account-password-submit")
        tara.is_told_of("This is not your password.")

"""Payment methods, and adding one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.models import Act, Invoice, PaymentMethod
from tests import payer
from tests.billing import running_plans
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.pages import Visitor
from tests.sandbox_server import SandboxServer


@pytest.fixture
def path(world: World) -> str:
    return f"/t/{world.globex.uuid}/payment-methods"


class TestShow:
    def test_says_that_none_is_saved(self, tara: Visitor, path: str) -> None:
        assert "None is saved yet." in tara.opens(path).words()

    def test_offers_a_member_nothing_to_add(self, milo: Visitor, path: str) -> None:
        page = milo.opens(path)

        assert f"{path}/new" not in [a.get("href") for a in page.all("a")]

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.opens(path).status == 404
        assert peter.opens(f"{path}/new").status == 404


class TestAdd:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_saves_a_card_at_the_provider(
        self, tara: Visitor, path: str, sandbox: SandboxServer, method: str
    ) -> None:
        sent = tara.posts(f"{path}/new", {"method": method})
        assert sent.location.startswith(sandbox.url)
        back = payer.pays(sent.location)
        assert back is not None

        page = tara.opens(tara.opens(back).location)

        assert page.at("checkout-status").get("data-status") == "active"
        assert page.heading == "Your payment method is saved"
        assert "Visa ending" in tara.opens(path).words()

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_that_was_left_is_no_purchase_to_finish(
        self, tara: Visitor, world: World, path: str, method: str
    ) -> None:
        tara.posts(f"{path}/new", {"method": method})

        page = tara.opens(f"/t/{world.globex.uuid}/")

        assert "begun to save a payment method. It is not saved yet." in page.words()
        assert "begun a purchase" not in page.words()

    def test_asks_where_to_save_it(self, tara: Visitor, path: str) -> None:
        page = tara.posts(f"{path}/new")

        assert page.status == 422
        assert page.problems == ["Choose where to save it."]

    def test_refuses_a_method_that_is_not_offered(self, tara: Visitor, path: str) -> None:
        assert tara.posts(f"{path}/new", {"method": "stripe-barter"}).status == 422

    def test_says_when_the_provider_does_not_answer(
        self, tara: Visitor, path: str, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", times=50)

        page = tara.posts(f"{path}/new", {"method": "stripe-card"})

        assert page.status == 503
        assert len(page.problems) == 1

    def test_refuses_a_member(self, milo: Visitor, path: str) -> None:
        page = milo.posts(f"{path}/new", {"method": "stripe-card"})

        assert page.status == 403

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.posts(f"{path}/new", {"method": "stripe-card"}).status == 404


def saved(buyer: Buyer, method: str, **fields: str) -> PaymentMethod:
    placed = buyer.saves(method)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url, **fields))
    newest: PaymentMethod = buyer.rows(PaymentMethod)[-1]
    return newest


def falls_behind(buyer: Buyer, method: str) -> None:
    """Buy by a card that is declined later, and let the renewal fail."""
    running_plans.bought(buyer, method, card_number="4000000000000341")
    running_plans.lives_on(buyer, "1 month")
    assert running_plans.plan(buyer).status == "past_due"


class TestTheList:
    @pytest.mark.parametrize("method", running_plans.CARDS)
    def test_says_what_each_pays_for(
        self, tara: Visitor, buyer: Buyer, path: str, method: str
    ) -> None:
        running_plans.bought(buyer, method)
        buyer.sweeps()
        other = saved(buyer, method)

        page = tara.opens(path)

        assert page.words().count("Pays for Team") == 1
        assert page.has(f"method-default-{other.uuid}")
        assert [page.has(f"method-remove-{row.uuid}") for row in buyer.rows(PaymentMethod)] == [
            True,
            True,
        ]

    @pytest.mark.parametrize(
        ("days", "words"), [(59, "expires at the end of"), (-1, "expired at the end of")]
    )
    def test_warns_of_a_card_that_is_not_good_much_longer(
        self, tara: Visitor, buyer: Buyer, path: str, days: int, words: str
    ) -> None:
        running_plans.bought(buyer, "stripe-card")
        (row,) = buyer.rows(PaymentMethod)
        last = buyer.site.clock.now() + timedelta(days=days - 31)
        row.exp_year, row.exp_month = last.year, last.month
        buyer.db.commit()

        page = tara.opens(path).words()

        assert words in page
        assert "Add your new card" in page or "Once you have the new card" in page

    def test_says_why_a_method_at_another_provider_cannot_be_charged(
        self, tara: Visitor, buyer: Buyer, path: str
    ) -> None:
        running_plans.bought(buyer, "mollie-card")
        buyer.sweeps()
        other = saved(buyer, "stripe-card")

        page = tara.opens(path)

        assert "Team is charged by Mollie, and this one is kept at Stripe." in page.words()
        assert not page.has(f"method-default-{other.uuid}")

    def test_says_that_a_bank_has_still_to_confirm(
        self, tara: Visitor, buyer: Buyer, path: str, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("mandate_pending", provider="mollie")
        saved(buyer, "mollie-card")

        assert "Your bank still has to confirm it" in tara.opens(path).words()

    def test_offers_a_member_nothing_to_press(self, milo: Visitor, buyer: Buyer, path: str) -> None:
        falls_behind(buyer, "mollie-card")

        page = milo.opens(path)

        assert "is due for Team" in page.words()
        assert not page.has("retry-payment")
        assert [form.get("action") for form in page.all("form")] == ["/sign-out"]


class TestMakeDefault:
    def test_charges_another_one(self, tara: Visitor, buyer: Buyer, path: str) -> None:
        running_plans.bought(buyer, "stripe-card")
        buyer.sweeps()
        other = saved(buyer, "stripe-card")
        act = f"{path}/{other.uuid}/default"

        page = tara.posts(act, tara.opens(path).fields(act))

        shown = tara.opens(page.location)
        assert "Visa ending 4242 is charged from now on." in shown.words()
        assert not shown.has(f"method-default-{other.uuid}")
        assert running_plans.plan(buyer).payment_method_id == other.id

    def test_says_that_it_will_be_done_while_the_provider_is_away(
        self, tara: Visitor, buyer: Buyer, path: str, sandbox: SandboxServer
    ) -> None:
        running_plans.bought(buyer, "mollie-card")
        buyer.sweeps()
        other = saved(buyer, "mollie-card")
        sandbox.fault("500_before", provider="mollie", match="subscriptions", times=20)

        page = tara.posts(f"{path}/{other.uuid}/default")

        assert page.status == 303
        shown = tara.opens(page.location)
        assert "once Mollie has answered" in shown.words()
        assert "Refresh" in shown.headers
        assert not shown.has(f"method-default-{other.uuid}")

    def test_is_not_for_members_nor_strangers(
        self, tara: Visitor, milo: Visitor, peter: Visitor, buyer: Buyer, path: str
    ) -> None:
        first = saved(buyer, "stripe-card")
        saved(buyer, "stripe-card")
        act = f"{path}/{first.uuid}/default"
        theirs = act.replace(str(buyer.world.globex.uuid), str(buyer.world.initech.uuid))

        assert milo.posts(act).status == 403
        assert peter.posts(act).status == 404
        assert peter.posts(theirs).status == 404
        assert tara.posts(act, {"csrf_token": "forged"}).status == 400
        assert buyer.methods()[0][2] is False


class TestRemove:
    def test_asks_first_and_says_what_is_charged_then(
        self, tara: Visitor, buyer: Buyer, path: str
    ) -> None:
        running_plans.bought(buyer, "mollie-card")
        buyer.sweeps()
        saved(buyer, "mollie-card", card_number="5555555555554444")
        first = buyer.rows(PaymentMethod)[0]
        act = f"{path}/{first.uuid}/remove"

        asked = tara.opens(act)
        assert "Team is charged by Mastercard ending 4444 from then on." in asked.words()

        page = tara.posts(act, asked.fields(act))
        shown = tara.opens(page.location).words()
        assert "The payment method is removed." in shown
        assert "Visa" not in shown
        assert tara.opens(act).location == path

    def test_of_the_last_one_of_a_plan_is_refused_and_says_why(
        self, tara: Visitor, buyer: Buyer, path: str
    ) -> None:
        running_plans.bought(buyer, "stripe-card")
        (only,) = buyer.rows(PaymentMethod)

        page = tara.posts(f"{path}/{only.uuid}/remove")

        assert page.status == 409
        assert "It pays for Team" in page.words()
        assert tara.opens(f"{path}/{only.uuid}/remove").status == 409

    def test_says_that_it_will_be_done_while_the_provider_is_away(
        self, tara: Visitor, buyer: Buyer, path: str, sandbox: SandboxServer
    ) -> None:
        only = saved(buyer, "mollie-card")
        sandbox.fault("500_before", provider="mollie", match="mandates", times=20)

        page = tara.posts(f"{path}/{only.uuid}/remove")

        assert "is being removed" in tara.opens(page.location).words()

    def test_is_not_for_members_nor_strangers(
        self, tara: Visitor, milo: Visitor, peter: Visitor, buyer: Buyer, path: str
    ) -> None:
        act = f"{path}/{saved(buyer, 'stripe-card').uuid}/remove"
        theirs = act.replace(str(buyer.world.globex.uuid), str(buyer.world.initech.uuid))

        assert (milo.opens(act).status, milo.posts(act).status) == (403, 403)
        assert (peter.opens(act).status, peter.posts(act).status) == (404, 404)
        assert (peter.opens(theirs).status, peter.posts(theirs).status) == (404, 404)
        assert tara.posts(act, {"csrf_token": "forged"}).status == 400
        assert "Visa" in tara.opens(path).words()


class TestRetry:
    @pytest.mark.parametrize("method", running_plans.CARDS)
    def test_says_what_is_due_and_that_the_bank_declined_again(
        self, tara: Visitor, buyer: Buyer, path: str, method: str
    ) -> None:
        falls_behind(buyer, method)
        page = tara.opens(path)
        assert "is due for Team" in page.words()
        assert page.words("retry-payment").startswith("Pay €")
        act = f"{path}/retry"

        again = tara.opens(tara.posts(act, page.fields(act)).location)
        tara.posts(act, page.fields(act))

        assert "did not go through" in again.words()
        assert again.has("retry-payment")
        assert "It is paid" not in again.words()
        assert len(buyer.rows(Act, Act.kind.in_(("charge", "collect")))) == 1

    @pytest.mark.parametrize("method", running_plans.CARDS)
    def test_is_not_needed_once_another_card_was_added(
        self, tara: Visitor, buyer: Buyer, path: str, method: str
    ) -> None:
        falls_behind(buyer, method)
        sent = tara.posts(f"{path}/new", {"method": method})
        back = payer.pays(sent.location)
        assert back is not None
        tara.opens(back)

        page = tara.opens(path)

        assert not page.has("retry-payment")
        assert "is due for Team" not in page.words()
        assert running_plans.plan(buyer).status == "active"

    def test_leads_to_stripe_where_the_bank_wants_a_confirmation(
        self, tara: Visitor, buyer: Buyer, path: str, sandbox: SandboxServer
    ) -> None:
        placed = buyer.buys(method="stripe-card")
        assert placed.url is not None
        buyer.comes_back(payer.passes_3ds(placed.url))
        running_plans.lives_on(buyer, "1 month")

        page = tara.opens(path)

        assert "Your bank asks you to confirm the charge." in page.words()
        assert [
            a.get("href") for a in page.all("a") if (a.get("href") or "").startswith(sandbox.url)
        ] == [buyer.rows(Invoice)[-1].hosted_url]
        assert not page.has("retry-payment")
        again = tara.posts(f"{path}/retry")
        assert "Your bank asks you to confirm the charge." in tara.opens(again.location).words()

    def test_of_what_is_paid_says_so(self, tara: Visitor, buyer: Buyer, path: str) -> None:
        running_plans.bought(buyer, "stripe-card")

        page = tara.posts(f"{path}/retry")

        assert page.status == 409
        assert "Nothing is overdue" in page.words()

    def test_is_not_for_members_nor_strangers(
        self, tara: Visitor, milo: Visitor, peter: Visitor, buyer: Buyer, path: str
    ) -> None:
        falls_behind(buyer, "mollie-card")

        assert milo.posts(f"{path}/retry").status == 403
        assert peter.posts(f"{path}/retry").status == 404
        assert tara.posts(f"{path}/retry", {"csrf_token": "forged"}).status == 400
        assert buyer.rows(Act, Act.kind == "charge") == []

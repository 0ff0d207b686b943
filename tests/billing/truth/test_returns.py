"""Coming back: the address grants one look, proves nothing, and leads where the truth says."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from app.billing.errors import NotFound
from app.billing.ordering.orders import Placed
from app.billing.truth import returns
from app.models import CheckoutSession
from app.providers import errors
from config import Config
from tests import payer
from tests.billing.purchases import Buyer, raising

CARDS = ["stripe-card", "mollie-card"]
SUCCESS, CANCEL = "https://app.example.com/done?ok=1&x=%20", "https://app.example.com/back#plans"


def address(buyer: Buyer, placed: Placed) -> str:
    """Answer where the provider sends the payer of a checkout."""
    assert placed.url is not None
    target = payer.cancels(placed.url)
    assert target is not None
    return target.removesuffix("/left")


def secret_of(target: str) -> str:
    return target.removesuffix("/left").rpartition("/")[2]


def give_urls(buyer: Buyer, placed: Placed) -> None:
    """Give a checkout the addresses of the app."""
    buyer.db.execute(
        update(CheckoutSession)
        .where(CheckoutSession.uuid == placed.checkout_uuid)
        .values(success_url=SUCCESS, cancel_url=CANCEL)
    )
    buyer.db.commit()


def fetches(buyer: Buyer) -> int:
    """Answer how often a checkout was fetched."""
    return len(
        [
            call
            for call in buyer.sandbox.calls("GET")
            if "/checkout/sessions/" in call["path"] or "/mollie/v2/payments/" in call["path"]
        ]
    )


class TestTheAddress:
    def test_needs_its_secret(self, tara: Buyer) -> None:
        placed = tara.buys()
        secret = secret_of(address(tara, placed))
        wrong = [
            (placed.checkout_uuid, ""),
            (placed.checkout_uuid, secret[:-1]),
            (placed.checkout_uuid, secret + "0"),
            (placed.checkout_uuid, secret.upper()),
            (placed.checkout_uuid, "é" * 40),
            (uuid4(), secret),
            (UUID(int=0), secret),
        ]

        for uuid, guess in wrong:
            with pytest.raises(NotFound):
                returns.come_back(
                    tara.db,
                    tara.site,
                    uuid=uuid,
                    secret=guess,
                    left=False,
                    opens_portal=lambda _: True,
                )
            tara.db.rollback()

        assert fetches(tara) == 0
        assert tara.checkout(placed).returned_at is None

    def test_is_another_one_for_each_checkout(self, tara: Buyer) -> None:
        plan, thing = tara.buys(), tara.buys("onboarding", None)
        secret = secret_of(address(tara, thing))

        with pytest.raises(NotFound):
            tara.comes_back(f"http://x/return/{plan.checkout_uuid}/{secret}")

    def test_outlives_a_change_of_the_signing_key(self, tara: Buyer, config: Config) -> None:
        placed = tara.buys()
        target = address(tara, placed)
        rotated = config.model_copy(
            update={"SECRET_KEY": "another" * 8, "SECRET_KEY_FALLBACKS": config.SECRET_KEY}
        )
        forgotten = config.model_copy(update={"SECRET_KEY": "another" * 8})
        later = type(tara.site)(config=rotated, clock=tara.site.clock)
        much_later = type(tara.site)(config=forgotten, clock=tara.site.clock)

        page = Buyer(tara.world, later, tara.sandbox, tara.user).comes_back(target)

        assert page.endswith(f"/checkouts/{placed.checkout_uuid}")
        with pytest.raises(NotFound):
            Buyer(tara.world, much_later, tara.sandbox, tara.user).comes_back(target)


class TestComingBack:
    @pytest.mark.parametrize("method", CARDS)
    def test_from_a_paid_page_leads_to_the_apps_success_address_untouched(
        self, tara: Buyer, method: str
    ) -> None:
        placed = tara.buys(method=method)
        give_urls(tara, placed)
        assert placed.url is not None

        assert tara.comes_back(payer.pays(placed.url)) == SUCCESS

    @pytest.mark.parametrize("method", CARDS)
    def test_without_having_paid_is_no_proof(self, tara: Buyer, method: str) -> None:
        placed = tara.buys(method=method)
        give_urls(tara, placed)
        key = tara.checkout(placed).return_key
        secret = tara.site.sign("return", str(placed.checkout_uuid), key=key)[1][:40]

        page = tara.comes_back(f"http://x/return/{placed.checkout_uuid}/{secret}")

        assert str(placed.checkout_uuid) in page and "app.example.com" not in page
        assert tara.reads(placed) == "confirming"
        assert tara.plans() == []

    def test_by_the_cancel_link_after_paying_leads_to_success(self, tara: Buyer) -> None:
        placed = tara.buys()
        give_urls(tara, placed)
        target = address(tara, placed)
        assert placed.url is not None
        payer.pays(placed.url)

        assert tara.comes_back(f"{target}/left") == SUCCESS
        assert tara.reads(placed) == "active"
        assert tara.checkout(placed).left_at is None

    def test_by_the_success_address_after_a_decline_leads_to_cancel(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        give_urls(tara, placed)
        assert placed.url is not None

        assert tara.comes_back(payer.declines(placed.url)) == CANCEL

    def test_while_the_bank_is_asked_leads_to_success(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-sepa")
        give_urls(tara, placed)
        assert placed.url is not None

        assert tara.comes_back(payer.pays(placed.url)) == SUCCESS
        assert tara.reads(placed) == "processing"

    def test_with_a_wrong_amount_leads_to_our_page(self, tara: Buyer) -> None:
        placed = tara.buys()
        give_urls(tara, placed)
        tara.sandbox.fault("wrong_amount", provider="stripe")
        assert placed.url is not None

        page = tara.comes_back(payer.pays(placed.url))

        assert str(placed.checkout_uuid) in page and "app.example.com" not in page

    def test_of_someone_without_the_portal_leads_to_the_payment_page(self, tara: Buyer) -> None:
        placed = tara.buys()
        target = address(tara, placed)

        page = returns.come_back(
            tara.db,
            tara.site,
            uuid=placed.checkout_uuid,
            secret=secret_of(target),
            left=False,
            opens_portal=lambda _: False,
        )

        assert f"/pay/{placed.checkout_uuid}?key=" in page


class TestLeaving:
    def test_is_noted_and_leaves_the_page_open(self, tara: Buyer) -> None:
        placed = tara.buys()
        give_urls(tara, placed)
        assert placed.url is not None

        page = tara.comes_back(payer.cancels(placed.url))

        row = tara.checkout(placed)
        assert page == CANCEL
        assert (row.state, row.left_at is not None) == ("open", True)
        assert tara.reads(placed) == "not_charged"

    def test_counts_for_nothing_while_the_provider_does_not_answer(self, tara: Buyer) -> None:
        placed = tara.buys()
        give_urls(tara, placed)
        target = f"{address(tara, placed)}/left"
        assert placed.url is not None
        payer.pays(placed.url)
        dumb = tara.where(fetch_checkout=raising(errors.Unavailable("no answer")))

        page = dumb.comes_back(target)

        assert "app.example.com" not in page
        assert dumb.reads(placed) == "confirming"
        tara.waits("1 minutes")
        assert tara.comes_back(target) == SUCCESS

    def test_is_forgotten_once_the_payer_goes_back_and_pays(self, tara: Buyer) -> None:
        placed = tara.buys()
        assert placed.url is not None
        tara.comes_back(payer.cancels(placed.url))

        target = payer.pays(placed.url)
        tara.waits("1 minutes")
        tara.comes_back(target)

        assert tara.reads(placed) == "active"


class TestALook:
    def test_happens_once_in_five_seconds_however_often_one_comes_back(self, tara: Buyer) -> None:
        placed = tara.buys()
        target = address(tara, placed)

        for _ in range(5):
            tara.comes_back(target)
            tara.opens(placed)
        first = fetches(tara)
        tara.waits("1 minutes")
        tara.comes_back(target)

        assert first == 1
        assert fetches(tara) == 2

    def test_is_not_taken_once_all_is_decided(self, tara: Buyer) -> None:
        placed = tara.buys()
        assert placed.url is not None
        target = payer.pays(placed.url)
        tara.comes_back(target)
        looked = fetches(tara)
        tara.waits("1 minutes")

        for _ in range(3):
            tara.comes_back(target)
            tara.opens(placed)

        assert fetches(tara) == looked

    def test_that_fails_is_taken_again_by_the_next_visit(self, tara: Buyer) -> None:
        placed = tara.buys()
        assert placed.url is not None
        target = payer.pays(placed.url)
        tara.where(fetch_checkout=raising(errors.Unavailable("no answer"))).comes_back(target)

        assert tara.reads(placed) == "active"

    def test_of_a_page_that_stays_open_says_not_charged_in_the_end(self, tara: Buyer) -> None:
        placed = tara.buys()
        target = address(tara, placed)
        tara.comes_back(target)
        first = tara.reads(placed)

        tara.waits("3 minutes")

        assert first == "confirming"
        assert tara.reads(placed) == "not_charged"
        assert tara.opens(placed).try_again is not None

"""What the database itself refuses, whatever the code tries."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock
from app.db.base import Base
from app.models import (
    ApiKey,
    AppMember,
    IdempotencyKey,
    Membership,
    Origin,
    Price,
    Product,
    ProviderAccount,
    ProviderPrice,
    ProviderTaxRate,
    TaxRate,
    User,
)
from app.models.checkout_session import PENDING, STATES
from app.models.subscription import RUNNING, STATUSES
from tests.cast import World
from tests.models.rows import Rows

Make = Callable[[Rows], Base]


@pytest.fixture
def rows(world: World) -> Rows:
    return Rows(world)


def keep(db: Session, *kept: Base) -> None:
    db.add_all(kept)
    db.commit()


def refuses(db: Session, row: Base) -> str:
    """Assert that the database refuses a row, and answer in what words."""
    db.add(row)
    with pytest.raises(IntegrityError) as refusal:
        db.flush()
    db.rollback()
    return str(refusal.value.orig)


class TestOneOpenCheckout:
    @pytest.mark.parametrize("first", PENDING)
    @pytest.mark.parametrize("second", PENDING)
    def test_is_all_a_tenant_has_per_slot(
        self, rows: Rows, db: Session, first: str, second: str
    ) -> None:
        keep(db, rows.checkout(state=first))

        refuses(db, rows.checkout(state=second))

    @pytest.mark.parametrize("ended", sorted(set(STATES) - set(PENDING)))
    def test_does_not_count_what_is_no_longer_pending(
        self, rows: Rows, db: Session, ended: str
    ) -> None:
        keep(db, rows.checkout(state=ended), rows.checkout(state=ended))

        keep(db, rows.checkout())

    def test_does_not_count_what_was_superseded(self, rows: Rows, db: Session) -> None:
        keep(db, rows.checkout(superseded_at=clock.wall()))

        keep(db, rows.checkout())

    @pytest.mark.parametrize("other", [{"slot": "price:7"}, {"livemode": True}, {"slot": None}])
    def test_leaves_room_for_other_slots_modes_and_api_callers(
        self, rows: Rows, db: Session, other: dict[str, Any]
    ) -> None:
        keep(db, rows.checkout(), rows.checkout(**other))

        if other == {"slot": None}:
            keep(db, rows.checkout(slot=None))

    def test_leaves_room_for_other_tenants(self, rows: Rows, world: World, db: Session) -> None:
        keep(db, rows.checkout(), rows.checkout(tenant_id=world.initech.id))


class TestOneRunningSubscription:
    @pytest.mark.parametrize("first", RUNNING)
    @pytest.mark.parametrize("second", ["trialing", "active", "canceling"])
    def test_is_all_a_tenant_has_per_family(
        self, rows: Rows, db: Session, first: str, second: str
    ) -> None:
        keep(db, rows.subscription(status=first))

        refuses(db, rows.subscription(status=second))

    @pytest.mark.parametrize("ended", sorted(set(STATUSES) - set(RUNNING)))
    def test_does_not_count_what_does_not_run(self, rows: Rows, db: Session, ended: str) -> None:
        keep(db, rows.subscription(status=ended), rows.subscription(status=ended))

        keep(db, rows.subscription())

    def test_keeps_a_second_paid_one_beside_it(self, rows: Rows, db: Session) -> None:
        keep(db, rows.subscription())

        keep(db, rows.subscription(is_duplicate=True), rows.subscription(is_duplicate=True))

    @pytest.mark.parametrize("other", [{"family": "storage"}, {"livemode": True}])
    def test_leaves_room_for_other_families_and_modes(
        self, rows: Rows, db: Session, other: dict[str, Any]
    ) -> None:
        keep(db, rows.subscription(), rows.subscription(**other))


class TestOneOfEach:
    @pytest.mark.parametrize(
        "make",
        [
            lambda rows: rows.customer(),
            lambda rows: rows.checkout(slot=None, provider_id="cs_1"),
            lambda rows: rows.subscription(is_duplicate=True, provider_id="sub_1"),
            lambda rows: rows.payment(provider_id="pi_1"),
            lambda rows: rows.payment_method(provider_id="pm_1"),
            lambda rows: rows.refund(provider_id="re_1"),
            lambda rows: rows.invoice(provider_id="in_1"),
            lambda rows: rows.invoice(number=1),
            lambda rows: rows.act(effect="refund:payment:1"),
            lambda rows: rows.mail(effect="receipt:checkout:1"),
            lambda rows: rows.webhook_event(effect="checkout.completed:1"),
            lambda rows: rows.event(provider_event_id="evt_1", state="received"),
            lambda rows: rows.event(provider_event_id="evt_1", state="done"),
            lambda rows: rows.event(),
        ],
        ids=[
            "customer per tenant and account",
            "checkout per provider id",
            "subscription per provider id",
            "payment per provider id",
            "method per provider id",
            "refund per provider id",
            "invoice per provider id",
            "invoice per number",
            "act per effect",
            "mail per transition",
            "outbound event per transition",
            "waiting event per Stripe id",
            "finished event per Stripe id",
            "waiting call per Mollie payment",
        ],
    )
    def test_is_kept(self, rows: Rows, db: Session, make: Make) -> None:
        keep(db, make(rows))

        words = refuses(db, make(rows))

        assert "unique" in words.lower()

    def test_gives_an_endpoint_each_event_once(self, rows: Rows, db: Session) -> None:
        first = rows.webhook_delivery()
        keep(db, first)

        words = refuses(db, rows.webhook_delivery(event=first.event, endpoint=first.endpoint))

        assert "unique" in words.lower()

    def test_lets_mollie_call_again_while_the_first_call_is_looked_at(
        self, rows: Rows, db: Session
    ) -> None:
        keep(db, rows.event(state="processing"), rows.event(state="done"))

        keep(db, rows.event())

    @pytest.mark.parametrize(
        "make",
        [
            lambda rows: rows.invoice(number=1, livemode=True),
            lambda rows: rows.invoice(number=2),
            lambda rows: rows.invoice(number=None),
        ],
    )
    def test_numbers_invoices_per_mode(self, rows: Rows, db: Session, make: Make) -> None:
        keep(db, rows.invoice(number=1), rows.invoice(number=None))

        keep(db, make(rows))

    def test_gives_another_account_its_own_ids(self, rows: Rows, world: World, db: Session) -> None:
        mollie = world.account("mollie").id

        keep(
            db,
            rows.customer(),
            rows.customer(provider_account_id=mollie),
            rows.payment(provider_id="1"),
            rows.payment(provider_id="1", provider_account_id=mollie),
        )


class TestTheWorld:
    @pytest.mark.parametrize(
        "make",
        [
            lambda w: Origin(app_id=w.app.id, origin="https://app.example.com"),
            lambda w: Membership(tenant_id=w.globex.id, user_id=w.tara.id, role="member"),
            lambda w: AppMember(app_id=w.app.id, user_id=w.alice.id, role="support"),
            lambda w: User(email="tara@globex.example"),
            lambda w: Product(app_id=w.app.id, slug="team", name="Team again"),
            lambda w: Product(
                app_id=w.app.id, slug="other", name="Other", article_id=1, article_type_id=1
            ),
            lambda w: Price(
                product_id=w.price("team").product_id,
                price_id=w.price("team").price_id,
                currency="EUR",
                unit_amount=1,
            ),
            lambda w: TaxRate(app_id=w.app.id, tax_rate_id="txr_demoDE19", percentage=Decimal(19)),
            lambda w: ProviderAccount(
                app_id=w.app.id, provider="stripe", sealed_credentials="", livemode=False
            ),
        ],
        ids=[
            "origin",
            "membership",
            "app member",
            "e-mail",
            "slug",
            "article",
            "price id",
            "tax rate id",
            "connected account",
        ],
    )
    def test_holds_nothing_twice(
        self, world: World, db: Session, make: Callable[[World], Base]
    ) -> None:
        assert "unique" in refuses(db, make(world)).lower()

    def test_may_connect_an_account_again_after_disconnecting_it(
        self, world: World, db: Session
    ) -> None:
        world.account("stripe").disconnected_at = clock.wall()

        keep(
            db,
            ProviderAccount(
                app_id=world.app.id, provider="stripe", sealed_credentials="", livemode=False
            ),
        )

    def test_maps_a_price_and_a_rate_once_to_each_account(self, world: World, db: Session) -> None:
        price, rate, account = world.price("team"), world.rates()[0], world.account("stripe")

        def price_there(provider_id: str) -> ProviderPrice:
            return ProviderPrice(
                price_id=price.id, provider_account_id=account.id, provider_id=provider_id
            )

        def rate_there(*, inclusive: bool) -> ProviderTaxRate:
            return ProviderTaxRate(
                tax_rate_id=rate.id,
                provider_account_id=account.id,
                is_inclusive=inclusive,
                request="{}",
            )

        keep(db, price_there("price_1"), rate_there(inclusive=True), rate_there(inclusive=False))

        refuses(db, price_there("price_2"))
        refuses(db, rate_there(inclusive=True))

    def test_remembers_an_idempotency_key_once_in_its_scope(
        self, world: World, db: Session
    ) -> None:
        def remembered(scope: str) -> IdempotencyKey:
            return IdempotencyKey(scope=scope, key="k", body_digest="b", expires_at=clock.wall())

        keep(db, remembered("key 1"), remembered("key 2"))

        refuses(db, remembered("key 1"))


class TestKnownWords:
    @pytest.mark.parametrize(
        "make",
        [
            lambda rows: rows.checkout(state="superseded"),
            lambda rows: rows.checkout(mode="gift"),
            lambda rows: rows.checkout(quantity=0),
            lambda rows: rows.checkout(quantity=-1),
            lambda rows: rows.subscription(status="running"),
            lambda rows: rows.payment(status="complete"),
            lambda rows: rows.payment_method(status="saved"),
            lambda rows: rows.refund(status="done"),
            lambda rows: rows.invoice(status="sent"),
            lambda rows: rows.act(kind="begin"),
            lambda rows: rows.act(state="tried"),
            lambda rows: rows.event(state="seen"),
            lambda rows: rows.mail(state="read"),
            lambda rows: rows.webhook_delivery(state="sent"),
            lambda rows: Membership(
                tenant_id=rows.world.globex.id, user_id=rows.world.charlie.id, role="owner"
            ),
            lambda rows: AppMember(
                app_id=rows.world.app.id, user_id=rows.world.charlie.id, role="admin"
            ),
            lambda rows: ApiKey(
                app_id=rows.world.app.id, name="x", type="admin", digest="x", hint="x"
            ),
            lambda rows: Price(
                product_id=rows.world.price("team").product_id,
                price_id="price_free",
                currency="EUR",
                unit_amount=0,
            ),
            lambda rows: Price(
                product_id=rows.world.price("team").product_id,
                price_id="price_week",
                currency="EUR",
                unit_amount=1,
                interval="week",
            ),
            lambda rows: TaxRate(
                app_id=rows.world.app.id, tax_rate_id="txr_x", percentage=Decimal(101)
            ),
            lambda rows: TaxRate(
                app_id=rows.world.app.id, tax_rate_id="txr_x", percentage=Decimal(-1)
            ),
            lambda rows: TaxRate(
                app_id=rows.world.app.id,
                tax_rate_id="txr_x",
                percentage=Decimal(19),
                is_reverse_charge=True,
            ),
            lambda rows: ProviderAccount(
                app_id=rows.world.app.id, provider="paypal", sealed_credentials=""
            ),
        ],
    )
    def test_are_the_only_ones_stored(self, rows: Rows, db: Session, make: Make) -> None:
        assert "check" in refuses(db, make(rows)).lower()

    @pytest.mark.parametrize(
        "change", [{"tenant_id": 10**9}, {"provider_account_id": 10**9}, {"price_id": 10**9}]
    )
    def test_point_to_rows_that_exist(
        self, rows: Rows, db: Session, change: dict[str, int]
    ) -> None:
        assert "foreign key" in refuses(db, rows.checkout(**change)).lower()

"""A mail is written once with its change, and sent once afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.mail import mail_kinds, mails
from app.models import App, Mail, Subscription, Tenant, User
from app.money import Money
from tests import payer
from tests.billing.purchases import Buyer
from tests.cast import World

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RECEIPT = mail_kinds.Receipt(plan="Team", amount=Money(9000, "EUR"), period_end=NOW)
REVIEW = mail_kinds.NeedsReview(plan="Team", reason="late", checkout_uuid="1")


def outbox(db: Session) -> list[Mail]:
    return list(db.scalars(select(Mail).order_by(Mail.id)))


class TestWrite:
    def test_writes_a_mail_once_per_kind_and_effect(self, db: Session, world: World) -> None:
        app, tenant = world.app.id, world.globex.id
        for _ in range(2):
            mails.write(db, RECEIPT, "payment:1", app_id=app, tenant_id=tenant, now=NOW)
        mails.write(db, REVIEW, "payment:1", app_id=app, tenant_id=tenant, now=NOW)

        assert [mail.effect for mail in outbox(db)] == [
            "receipt:payment:1",
            "needs_review:payment:1",
        ]

    def test_keeps_what_it_tells_as_it_was(self, db: Session, world: World) -> None:
        mails.write(db, RECEIPT, "payment:1", app_id=world.app.id, tenant_id=1, now=NOW)
        db.expire_all()

        (mail,) = outbox(db)

        assert mail_kinds.load(mail.kind, mail.values) == RECEIPT

    @pytest.mark.parametrize(
        ("invoice_email", "recipient", "expected"),
        [
            ("books@globex.example", None, "books@globex.example"),
            (None, None, "tara@globex.example"),
            ("books@globex.example", "milo@globex.example", "milo@globex.example"),
        ],
    )
    def test_goes_to_whom_the_tenant_named(
        self,
        db: Session,
        world: World,
        invoice_email: str | None,
        recipient: str | None,
        expected: str,
    ) -> None:
        db.execute(update(Tenant).values(invoice_email=invoice_email))
        tenant = world.globex.id

        mails.write(
            db, RECEIPT, "1", app_id=world.app.id, tenant_id=tenant, now=NOW, recipient=recipient
        )

        assert [mail.recipient for mail in outbox(db)] == [expected]

    @pytest.mark.parametrize(
        ("support", "expected"),
        [("help@acme.example", "help@acme.example"), (None, "alice@acme.example")],
    )
    def test_tells_the_app_what_the_app_has_to_look_at(
        self, db: Session, world: World, support: str | None, expected: str
    ) -> None:
        db.execute(update(App).values(support_email=support))

        mails.write(db, REVIEW, "1", app_id=world.app.id, tenant_id=world.globex.id, now=NOW)

        assert [mail.recipient for mail in outbox(db)] == [expected]

    def test_writes_nothing_where_nobody_is_there(self, db: Session, world: World) -> None:
        empty = Tenant(app_id=world.app.id, name="Empty")
        db.add(empty)
        db.flush()

        written = mails.write(db, RECEIPT, "1", app_id=world.app.id, tenant_id=empty.id, now=NOW)

        assert written is None
        assert outbox(db) == []

    def test_is_in_the_language_of_its_reader(self, db: Session, world: World) -> None:
        db.execute(update(User).where(User.id == world.milo.id).values(locale="de"))

        for address in ("Milo@globex.example", "books@globex.example"):
            mails.write(db, RECEIPT, address, app_id=world.app.id, now=NOW, recipient=address)

        assert [mail.locale for mail in outbox(db)] == ["de", None]


class TestPurchases:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_bring_one_receipt_however_often_they_are_looked_at(
        self, tara: Buyer, method: str
    ) -> None:
        choice = replace(tara.chooses(method=method), language="de")
        placed = tara.places(tara.sees(choice))
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))
        for _ in range(2):
            tara.waits("3 minutes")
            tara.sweeps()

        (mail,) = tara.rows(Mail)

        assert (mail.kind, mail.tenant_id) == ("receipt", tara.world.globex.id)
        assert mail.locale == "de"
        told = mail_kinds.load(mail.kind, mail.values)
        assert isinstance(told, mail_kinds.Receipt)
        assert told.amount == tara.checkout(placed).due_today
        assert told.next_charge_at == tara.rows(Subscription)[0].period_end

    def test_that_do_not_fit_are_told_to_who_runs_the_app(self, tara: Buyer) -> None:
        tara.sandbox.fault("wrong_amount", provider="stripe")
        placed = tara.buys()
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        told = [(mail.kind, mail.recipient) for mail in tara.rows(Mail)]

        assert tara.reads(placed) == "needs_review"
        assert ("needs_review", support(tara)) in told
        assert "receipt" not in dict(told)


def support(buyer: Buyer) -> str:
    return buyer.world.app.support_email or buyer.world.alice.email

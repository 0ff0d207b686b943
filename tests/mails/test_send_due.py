"""Mails reach a mailbox: what is due is put into words, handed over, and marked as sent."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import mails
from app.billing.mail import mail_kinds
from app.billing.mail import mails as billing_mails
from app.billing.site import Site
from app.models import Mail
from app.money import Money
from app.sandbox import mailbox
from tests.cast import World
from tests.mails.letters import a_logo
from tests.sandbox_server import SandboxServer

RECEIPT = mail_kinds.Receipt(plan="Team", amount=Money(9000, "EUR"))


@pytest.fixture
def written(db: Session, world: World, site: Site) -> Mail:
    """Answer a receipt that waits."""
    app, tenant, now = world.app.id, world.globex.id, site.clock.now()
    billing_mails.write(
        db, RECEIPT, "payment:1", app_id=app, tenant_id=tenant, livemode=False, now=now
    )
    db.commit()
    return db.scalars(select(Mail)).one()


def test_a_mail_arrives(db: Session, site: Site, sandbox: SandboxServer, written: Mail) -> None:
    sent = mails.send_due(db, site)

    (received,) = sandbox.mails(written.recipient)
    assert sent == 1
    assert received["subject"] == "Your receipt for Team: €90.00"
    assert received["message_id"].startswith(f"{written.uuid}@")
    assert "This is a test: no real money moved." in received["text"]


def test_it_brings_the_apps_logo_along(
    db: Session, site: Site, sandbox: SandboxServer, world: World, written: Mail
) -> None:
    world.app.logo = a_logo()
    db.commit()

    mails.send_due(db, site)

    (received,) = sandbox.mails(written.recipient)
    assert 'alt="Acme Notes"' in received["html"]
    (kept,) = sandbox.app.world.mailbox.all()
    assert "data:image/png;base64," in mailbox.with_pictures(kept)


def test_one_that_was_taken_without_a_word_comes_again_and_can_be_told(
    db: Session, site: Site, sandbox: SandboxServer, written: Mail
) -> None:
    sandbox.fault("450_after", target="mail")

    first = mails.send_due(db, site)
    sandbox.advance("1 minutes")
    second = mails.send_due(db, site)

    assert (first, second) == (0, 1)
    assert len({received["message_id"] for received in sandbox.mails()}) == 1
    assert len(sandbox.mails()) == 2


def test_an_address_that_is_refused_is_not_tried_again(
    db: Session, site: Site, sandbox: SandboxServer, written: Mail
) -> None:
    sandbox.fault("550", target="mail")

    mails.send_due(db, site)
    sandbox.advance("1 days")
    mails.send_due(db, site)

    db.refresh(written)
    assert written.state == "failed"
    assert sandbox.mails() == []


def test_without_a_server_mails_wait_and_the_log_says_so(
    db: Session, site: Site, written: Mail, caplog: pytest.LogCaptureFixture
) -> None:
    silent = Site(config=site.config.model_copy(update={"SMTP_URL": ""}), clock=site.clock)

    with caplog.at_level(logging.WARNING):
        assert mails.send_due(db, silent) == 0

    db.refresh(written)
    assert (written.state, written.tries) == ("waiting", 0)
    assert "1 mails wait: SMTP_URL is not set" in caplog.text

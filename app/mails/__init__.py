"""Mails as they leave: put into words and handed to a mail server."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session

from app import clock
from app.billing.mail import mails, outbox
from app.billing.site import Site
from app.mails import messages
from app.mails.server import Server

log = logging.getLogger(__name__)


def send_due(db: Session, site: Site) -> int:
    """Send the mails that are due; answers how many were. Commits after each. Without SMTP_URL they
    wait, and the log says so."""
    url, sender = site.config.SMTP_URL, site.config.MAIL_FROM
    if not url:
        count = mails.waiting(db)
        db.commit()
        if count:
            log.warning("%s mails wait: SMTP_URL is not set", count)
        return 0
    with Server(url, name=sender.rpartition("@")[2]) as server:
        return outbox.send_due(
            db,
            site,
            lambda letter: server.send(messages.compose(letter, site, at=clock.wall())),
        )

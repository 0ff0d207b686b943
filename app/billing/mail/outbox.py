"""The outbox: sends what was written, once each, and again while nobody takes it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.billing.mail import mail_kinds
from app.billing.mail.mail_kinds import Mailable
from app.billing.site import Site
from app.models import App, Logo, Mail, Tenant

log = logging.getLogger(__name__)

# Between a try and the next, about three days in all; longer than a server may take to answer.
WAITS = (
    *(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)),
    *(timedelta(hours=hours) for hours in (6, 16, 24, 24)),
)
_HOLD = timedelta(minutes=3)
_LONGEST_ERROR = 500


class NotSent(Exception):
    """A mail was not taken; it is tried again."""


class Undeliverable(NotSent):
    """The recipient was refused for good: trying again would not help."""


class ServerAway(NotSent):
    """The mail server does not answer, so no other mail would be taken either."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be put into words and sent: what it tells, of whom, to whom. `url` is the secret
    address in it, opened, `logo` the app's."""

    mail_uuid: str
    kind: str
    told: Mailable
    url: str | None
    recipient: str
    locale: str | None
    livemode: bool
    app: App | None
    tenant: Tenant | None
    logo: Logo | None = None


Post = Callable[[Letter], None]


def send_due(db: Session, site: Site, post: Post) -> int:
    """Send what is due, one after another; answers how many were sent. Commits each try before it
    is made, so that a process that dies loses none, and no try stands for two.

    `post` sends a letter, or raises NotSent; what it could not send is tried again later, at most
    nine times within three days of billing time.
    """
    sent = 0
    while (mail := _take(db, now=site.clock.now())) is not None:
        try:
            _try(db, site, mail, post)
        except ServerAway:
            break
        sent += mail.state == "sent"
    return sent


def _take(db: Session, *, now: datetime) -> Mail | None:
    """Claim the mail that has waited longest and count the try, and commit.

    One that nobody has tried is always due: who wrote it may know of a later time than we do.
    """
    mail = db.scalars(
        select(Mail)
        .where(Mail.state == "waiting", or_(Mail.tries == 0, Mail.next_try_at <= now))
        .where(or_(Mail.claimed_until.is_(None), Mail.claimed_until < clock.wall()))
        .order_by(Mail.next_try_at, Mail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if mail is not None:
        # Put off first: a mail whose sender dies of it must not come first for ever.
        mail.next_try_at = now + WAITS[min(mail.tries, len(WAITS) - 1)]
        mail.claimed_until = clock.wall() + _HOLD
        mail.tries += 1
    db.commit()
    return mail


def _try(db: Session, site: Site, mail: Mail, post: Post) -> None:
    if mail.tries > len(WAITS) + 1:
        return _settle(db, mail, "failed", error=mail.error or "no try came to an end")
    try:
        letter = _letter(site, mail)
        # No transaction stays open while the server is spoken to.
        db.commit()
        post(letter)
    except NotSent as error:
        log.warning("mail %s was not sent: %s", mail.uuid, error)
        _fail(db, mail, error)
        if isinstance(error, ServerAway):
            raise
    except Exception as error:
        log.exception("mail %s could not be written", mail.uuid)
        _fail(db, mail, error)
    else:
        mail.sent_at = site.clock.now()
        _settle(db, mail, "sent", error=None)


def _letter(site: Site, mail: Mail) -> Letter:
    told = mail_kinds.load(mail.kind, mail.values)
    sealed = getattr(told, "sealed_url", None)
    return Letter(
        mail_uuid=str(mail.uuid),
        kind=mail.kind,
        told=told,
        url=site.vault.open(sealed) if sealed else None,
        recipient=mail.recipient,
        locale=mail.locale,
        livemode=mail.livemode,
        app=mail.app,
        tenant=mail.tenant,
        logo=mail.app.logo if mail.app else None,
    )


def _fail(db: Session, mail: Mail, error: Exception) -> None:
    is_over = isinstance(error, Undeliverable) or mail.tries > len(WAITS)
    text = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
    _settle(db, mail, "failed" if is_over else "waiting", error=text)


def _settle(db: Session, mail: Mail, state: str, *, error: str | None) -> None:
    mail.state, mail.error, mail.claimed_until = state, error, None
    if state != "waiting" and "sealed_url" in mail.values:
        # Nobody needs the secret any more.
        mail.values = {**mail.values, "sealed_url": ""}
    db.commit()

"""Invoice numbers: one after the other per app and mode, without gaps."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db.base import table
from app.models import App, Invoice

_APP = table(App)
_INVOICE = table(Invoice)
_COUNTERS = {True: _APP.c.last_invoice_live, False: _APP.c.last_invoice_test}


def give(db: Session, invoice_id: int, app_id: int, *, livemode: bool) -> None:
    """Give a new invoice the next number of its app.

    The app's row is locked until the commit, so that of two who take a number one waits, and a
    number whose transaction fails is taken again by the next. Whoever calls this has locked what
    else it needs before: taking the number is the last thing a transaction waits for.
    """
    counter = _COUNTERS[livemode]
    number, prefix = db.execute(
        update(_APP)
        .where(_APP.c.id == app_id)
        .values({counter: counter + 1})
        .returning(counter, _APP.c.invoice_prefix)
    ).one()
    document_number = printed(number, prefix, livemode=livemode)
    db.execute(
        update(_INVOICE)
        .where(_INVOICE.c.id == invoice_id)
        .values(number=number, document_number=document_number)
    )


def printed(number: int, prefix: str, *, livemode: bool) -> str:
    """Answer a number as people read it, such as INV-000042; one of a test, TEST-INV-000042, can
    never pass for a real one."""
    return f"{'' if livemode else 'TEST-'}{prefix}-{number:06d}"

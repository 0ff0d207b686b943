"""Recovery codes: sign in once each, where the authenticator app is lost."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.models import RecoveryCode, User

CODES = 10
# Without the letters that are taken for one another; four times four of them are 80 bits.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


def renew(db: Session, user: User) -> list[str]:
    """Answer new codes in place of the earlier ones; they are told only here."""
    forget(db, user)
    codes = [_new_code() for _ in range(CODES)]
    db.add_all(RecoveryCode(user_id=user.id, digest=_digest(plain(code))) for code in codes)
    db.flush()
    return codes


def take(db: Session, user: User, typed: str) -> bool:
    """Use a code up, typed as `plain` answers it; of several at once with the same, one
    succeeds."""
    digest = _digest(typed)
    unused = select(RecoveryCode).where(
        RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    )
    fitting = [row.id for row in db.scalars(unused) if hmac.compare_digest(row.digest, digest)]
    taken = db.execute(
        update(RecoveryCode)
        .where(RecoveryCode.id.in_(fitting), RecoveryCode.used_at.is_(None))
        .values(used_at=clock.wall())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def left(db: Session, user: User) -> int:
    """Answer how many recovery codes have not been used."""
    unused = (RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def forget(db: Session, user: User) -> None:
    """Let no code of a person sign in any more."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def plain(code: str) -> str:
    """Answer a typed code, of either kind, without capitals, blanks and dashes."""
    return "".join(filter(str.isalnum, code)).lower()[:64]


def _new_code() -> str:
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(plain: str) -> str:
    return sha256(plain.encode()).hexdigest()

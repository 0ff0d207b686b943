"""A person who signs in, and the tenants and apps they belong to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App
from app.models.tenant import BYTEWISE, Tenant

ROLES = ("admin", "member")
# Support sees everything of an app and helps its customers; only an owner changes how it sells.
APP_ROLES = ("owner", "support")


class User(Base):
    """A person; `email` is kept in lower case and is unique in the installation.

    A sign-in counts while it carries the present `session_epoch`: one more ends all at once. Of the
    present epoch those in `ended_sessions` were ended one by one; kept here, beside the epoch, so
    that no page needs a query for it. Since `two_factor_at` a password alone does not sign in;
    `last_totp_step` is the newest code that was taken, in steps of 30 seconds.
    """

    __tablename__ = "user"

    email: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    name: Mapped[str | None]
    password_digest: Mapped[str | None]
    locale: Mapped[str | None]
    external_id: Mapped[str | None] = mapped_column(unique=True)
    session_epoch: Mapped[int] = mapped_column(default=0)
    ended_sessions: Mapped[list[str]] = mapped_column(default=list)
    two_factor_at: Mapped[datetime | None]
    sealed_totp_secret: Mapped[str | None] = mapped_column(deferred=True)
    last_totp_step: Mapped[int | None] = mapped_column(deferred=True)

    memberships: Mapped[list[Membership]] = relationship(
        back_populates="user", order_by="Membership.id"
    )


class Membership(Base):
    """A user in a tenant: an admin buys, a member sees."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("tenant_id", "user_id"),
        CheckConstraint(f"role IN {ROLES!r}", name="role"),
        Index(None, "user_id"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[str]

    tenant: Mapped[Tenant] = relationship(back_populates="memberships")
    user: Mapped[User] = relationship(back_populates="memberships")

    @property
    def may_buy(self) -> bool:
        """This person may spend the tenant's money."""
        return self.role == "admin"


class AppMember(Base):
    """A user who runs an app: its owner, or support."""

    __tablename__ = "app_member"
    __table_args__ = (
        UniqueConstraint("app_id", "user_id"),
        CheckConstraint(f"role IN {APP_ROLES!r}", name="role"),
        Index(None, "user_id"),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[str]

    app: Mapped[App] = relationship()
    user: Mapped[User] = relationship()


class PasswordReset(Base):
    """A way to choose a new password, sent by e-mail; only a digest of the token is kept.

    Without a user nobody has the address that was typed: the row is there so that the answer takes
    as long.
    """

    __tablename__ = "password_reset"
    __table_args__ = (Index(None, "user_id", "id"),)

    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    token_digest: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()


class FailedSignIn(Base):
    """A sign-in that failed, or a mail that was asked for, kept to slow down guessing and
    pestering; `subject` names what is counted, such as `email:…`."""

    __tablename__ = "failed_sign_in"
    __table_args__ = (Index(None, "subject", "at"),)

    subject: Mapped[str]
    at: Mapped[datetime]

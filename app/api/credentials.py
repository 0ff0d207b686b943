"""Who calls: an app's server by key, or a user by bearer token."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from flask import request

from app.api import calls
from app.billing import timeline
from app.billing.access import api_keys, callers, tokens
from app.billing.access.callers import Caller
from app.billing.access.tokens import Claims
from app.billing.apps import apps
from app.billing.errors import NotAllowed, NotAuthenticated
from app.billing.people import users
from app.logs import context
from app.models import ApiKey, App, User


class WrongKeyType(NotAuthenticated):
    """The key is good, but not for this: a read key cannot write, nor a write key read."""


class AppDisabled(NotAllowed):
    """The app may not sell at present."""


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """An app's server."""

    app: App
    key: ApiKey

    @property
    def scope(self) -> str:
        """What keeps this caller's idempotency keys apart from another's."""
        return f"key:{self.key.id}"

    @property
    def cause(self) -> str:
        """How a timeline names this caller."""
        return timeline.by_key(self.key.uuid)


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """A user, at home in the app's own pages."""

    app: App
    user: User
    claims: Claims

    @property
    def scope(self) -> str:
        """What keeps this caller's idempotency keys apart from another's."""
        return f"user:{self.app.id}:{self.user.id}"

    @property
    def cause(self) -> str:
        """How a timeline names this caller."""
        return timeline.by_user(self.user.uuid)


Holder = TypeVar("Holder", KeyHolder, Caller)


def key_headers(*, type: str, app_uuid: str | None = None) -> KeyHolder:
    """Answer who holds the key in `x-api-key`, `x-client-id` and `x-api-key-type`.

    `app_uuid` is the app a path names. Raises NotAuthenticated for no or a wrong key or client id,
    WrongKeyType unless header and key are both of `type`, and AppDisabled, in this order.
    """
    holder = _holder(request.headers.get("x-api-key", ""), request.headers.get("x-client-id", ""))
    if app_uuid is not None and uuid_or_none(app_uuid) != holder.app.uuid:
        raise _unknown()
    return _fit_here(holder, type)


def key_headers_of(tenant_uuid: str, *, type: str, app_uuid: str) -> Caller:
    """Answer who holds the key in the three headers, with the tenant it asks for, in one question;
    raises as `key_headers` does."""
    secret, client = request.headers.get("x-api-key", ""), request.headers.get("x-client-id", "")
    caller = callers.find(calls.db(), secret, uuid_or_none(tenant_uuid)) if secret else None
    if caller is None or not (uuid_or_none(client) == caller.app.uuid == uuid_or_none(app_uuid)):
        raise _unknown()
    return _fit_here(caller, type)


def x_api_key(*, type: str) -> KeyHolder:
    """Answer who holds the key in `x-api-key` alone; raises as `key_headers` does."""
    return _fit(_holder(request.headers.get("x-api-key", ""), None), type)


def basic(*, type: str) -> KeyHolder:
    """Answer who holds the key in `Authorization: Basic`, base64 in either alphabet of
    "app uuid:key"; raises as `key_headers` does."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise _unknown()
    plain = encoded.strip().replace("-", "+").replace("_", "/")
    try:
        padded = plain + "=" * (-len(plain) % 4)
        client, _, secret = base64.b64decode(padded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _unknown() from None
    return _fit(_holder(secret, client), type)


def bearer(app: App | str | None = None) -> TokenHolder:
    """Answer the user a bearer token names at an app, given as itself or by uuid; None is the app
    the token says it is for.

    Raises NotAuthenticated, and AppDisabled.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unknown()
    wanted = tokens.audience(token.strip()) if app is None else app
    found = wanted if isinstance(wanted, App) else _app(wanted)
    if found is None:
        raise _unknown()
    db = calls.db()
    claims = tokens.read(db, calls.site(), found, token.strip())
    if not claims.subject.isprintable():
        raise _unknown()
    user = users.of_token(db, found, claims)
    if user is None:
        raise _unknown()
    if not found.is_enabled:
        raise _disabled()
    context.concerns(app=found.uuid)
    return TokenHolder(found, user, claims)


def uuid_or_none(text: str) -> UUID | None:
    """Answer the uuid a text is, in its usual form with dashes."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def _holder(secret: str, client: str | None) -> KeyHolder:
    key = api_keys.find(calls.db(), secret) if secret else None
    if key is None or (client is not None and uuid_or_none(client) != key.app.uuid):
        raise _unknown()
    return KeyHolder(key.app, key)


def _fit_here(holder: Holder, type: str) -> Holder:
    if request.headers.get("x-api-key-type", "").strip().lower() != type:
        raise WrongKeyType("The header x-api-key-type must be %(type)s here.", type=type)
    return _fit(holder, type)


def _fit(holder: Holder, type: str) -> Holder:
    if holder.key.type != type:
        raise WrongKeyType("This key is for %(type)s only.", type=holder.key.type)
    if not holder.app.is_enabled:
        raise _disabled()
    context.concerns(app=holder.app.uuid)
    calls.was_made_with(holder.key)
    return holder


def _app(uuid: str) -> App | None:
    found = uuid_or_none(uuid)
    return apps.find(calls.db(), found) if found else None


def _unknown() -> NotAuthenticated:
    return NotAuthenticated("We do not know this key or token.")


def _disabled() -> AppDisabled:
    return AppDisabled("This app may not sell at present.")

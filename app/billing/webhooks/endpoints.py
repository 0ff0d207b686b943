"""Webhook endpoints: where an app wants to be told of what happens, and with which secret."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import audits
from app.billing.apps.audits import By
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.mail import mails
from app.billing.mail.mail_kinds import WebhookDisabled
from app.billing.purchase import idempotency_keys
from app.billing.site import Site
from app.billing.webhooks import addresses, webhook_types
from app.models import App, IdempotencyKey, WebhookDelivery, WebhookEndpoint

MOST = 16
TWO_SECRETS = timedelta(hours=24)
_SECRET_BYTES = 32


def register(
    db: Session,
    site: Site,
    app: App,
    *,
    url: str,
    types: Sequence[str] = (),
    scope: str = "",
    key: str | None = None,
    by: By | None = None,
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint of an app and answer it with its secret, which is told only here and to a
    repeated call with the same idempotency key. No types means all.

    `scope` names credential and route of the key; `by` is who the audit log names. Raises Invalid
    naming `url` or `types`, and Conflict where the app has too many.
    """

    def make() -> int:
        made = _make(db, site, app, url, types)
        _log(db, by, "created", made)
        return made.id

    if key is None:
        row_id = make()
    else:
        kept = IdempotencyKey.webhook_endpoint_id
        body = {"url": url, "types": list(types)}
        row_id = idempotency_keys.once_only(db, kept, make, scope=scope, key=key, body=body)
    endpoint = db.get_one(WebhookEndpoint, row_id)
    return endpoint, site.vault.open(endpoint.sealed_secret)


def listed(db: Session, app: App) -> list[WebhookEndpoint]:
    """Answer the endpoints of an app, the oldest first."""
    return list(db.scalars(_of(app).order_by(WebhookEndpoint.id)))


def find(db: Session, app: App, uuid: UUID) -> WebhookEndpoint:
    """Answer an endpoint; raises NotFound, also for another app's."""
    found = db.scalars(_of(app).where(WebhookEndpoint.uuid == uuid)).one_or_none()
    if found is None:
        raise NotFound("There is no such endpoint.")
    return found


def change(
    db: Session,
    site: Site,
    endpoint: WebhookEndpoint,
    *,
    url: str | None = None,
    types: Sequence[str] | None = None,
    is_enabled: bool | None = None,
    by: By | None = None,
    now: datetime,
) -> None:
    """Change what is given. One that is enabled again goes on with what waits for it; what happened
    while it was disabled it is not told."""
    if url is not None:
        addresses.require(url, field="url", is_open=site.config.brings_sandbox)
        endpoint.url = url
    if types is not None:
        endpoint.types = _sound(types)
    db.flush()
    if is_enabled and endpoint.disabled_at is not None:
        _enable(db, endpoint, now=now)
    elif is_enabled is False and endpoint.disabled_at is None:
        disable(db, endpoint, reason="owner", now=now)
    _log(db, by, "changed", endpoint)


def rotate_secret(
    db: Session, site: Site, endpoint: WebhookEndpoint, *, by: By | None = None
) -> str:
    """Give an endpoint a new secret and answer it; for a day of wall time the old one signs too,
    as Standard Webhooks allows, so that the receiver can change at leisure."""
    secret = _secret()
    endpoint.sealed_old_secret = endpoint.sealed_secret
    endpoint.old_secret_until = clock.wall() + TWO_SECRETS
    endpoint.sealed_secret = site.vault.seal(secret)
    db.flush()
    _log(db, by, "secret_rotated", endpoint)
    return secret


def signing_secrets(site: Site, endpoint: WebhookEndpoint) -> list[str]:
    """Answer the secrets a delivery is signed with now, the newest first."""
    sealed = [endpoint.sealed_secret]
    until = endpoint.old_secret_until
    if endpoint.sealed_old_secret and until and clock.wall() < until:
        sealed.append(endpoint.sealed_old_secret)
    return [site.vault.open(text) for text in sealed]


def remove(db: Session, endpoint: WebhookEndpoint, *, by: By | None = None, now: datetime) -> None:
    """Tell an endpoint nothing any more; what waited for it has failed."""
    endpoint.removed_at = now
    db.flush()
    db.execute(
        update(WebhookDelivery)
        .where(_waits_for(endpoint))
        .values(state="failed", next_try_at=None, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    _log(db, by, "removed", endpoint)


def disable(
    db: Session,
    endpoint: WebhookEndpoint,
    *,
    reason: str,
    now: datetime,
    error: str | None = None,
) -> None:
    """Stop calling an endpoint until it is enabled again; what waits for it goes on waiting.

    `reason` is owner, failing or gone; where it was not the owner, they get a mail, with the last
    `error`.
    """
    endpoint.disabled_at, endpoint.disabled_reason = now, reason
    db.flush()
    _schedule(db, endpoint, None)
    if reason != "owner":
        since = endpoint.failing_since or now
        mails.write(
            db,
            WebhookDisabled(url=endpoint.url, failing_since=since, error=error),
            f"endpoint:{endpoint.id}:{now.isoformat()}",
            app_id=endpoint.app_id,
            now=now,
        )


def _enable(db: Session, endpoint: WebhookEndpoint, *, now: datetime) -> None:
    endpoint.disabled_at = endpoint.disabled_reason = endpoint.failing_since = None
    endpoint.failures = 0
    db.flush()
    _schedule(db, endpoint, now)


def _schedule(db: Session, endpoint: WebhookEndpoint, at: datetime | None) -> None:
    db.execute(
        update(WebhookDelivery)
        .where(_waits_for(endpoint))
        .values(next_try_at=at)
        .execution_options(synchronize_session=False)
    )


def _make(db: Session, site: Site, app: App, url: str, types: Sequence[str]) -> WebhookEndpoint:
    addresses.require(url, field="url", is_open=site.config.brings_sandbox)
    sound = _sound(types)
    if (db.scalar(select(func.count()).select_from(_of(app).subquery())) or 0) >= MOST:
        raise Conflict("An app has at most %(most)s endpoints. Remove one first.", most=MOST)
    endpoint = WebhookEndpoint(
        app=app, url=url, types=sound, sealed_secret=site.vault.seal(_secret())
    )
    db.add(endpoint)
    db.flush()
    return endpoint


def _sound(types: Sequence[str]) -> list[str]:
    unknown = [type_ for type_ in types if type_ not in webhook_types.CHOOSABLE]
    if unknown:
        raise Invalid("%(type)s is not a type of event", field="types", type=repr(unknown[0]))
    return list(dict.fromkeys(types))


def _of(app: App) -> Select[WebhookEndpoint]:
    return select(WebhookEndpoint).where(
        WebhookEndpoint.app_id == app.id, WebhookEndpoint.removed_at.is_(None)
    )


def _waits_for(endpoint: WebhookEndpoint) -> ColumnElement[bool]:
    is_its_own = WebhookDelivery.webhook_endpoint_id == endpoint.id
    return and_(is_its_own, WebhookDelivery.state == "waiting")


def _log(db: Session, by: By | None, what: str, endpoint: WebhookEndpoint) -> None:
    if by is not None:
        audits.note(db, by, f"webhook_endpoint.{what}", endpoint.url, now=clock.wall())


def _secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()

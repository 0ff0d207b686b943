"""Tokens: an app's server gets bearer tokens for its users, and keeps the keys they are checked
with."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify

from app.api import bodies, calls, envelope, resources, tokens_operations
from app.api.credentials import KeyHolder
from app.api.dialects import Dialect
from app.api.tokens_bodies import AppKeyToCreate
from app.billing.access import repeated_keys, repeated_tokens, signing_keys, tokens
from app.billing.apps import apps
from app.models import App, SigningKey

_APP = "/api/v1/apps/<app_uuid>"
_KEYS_KEPT_SECONDS = 300

blueprint = Blueprint("tokens", __name__)


@blueprint.post(f"{_APP}/users/<user_uuid>/tokens")
def create(app_uuid: str, user_uuid: str) -> Response:
    """Answer a token for a user of the app."""
    holder = who(app_uuid)
    user = resources.user(holder.app, user_uuid)
    db, site = calls.db(), calls.site()
    # Nothing is asked but by the address, so every body is the same one.
    call = resources.repeatable(holder.scope, None)
    token = repeated_tokens.issue(db, site, call, app=holder.app, user=user)
    expires_at = tokens.expires_at(token)
    db.commit()
    item = {
        "accessToken": token,
        "idToken": None,
        "expiresIn": str(int(expires_at.timestamp())),
        "tokenType": "Bearer",
        "redirectUri": None,
        "refreshToken": None,
    }
    return _created(envelope.items("tokens", [item]))


@blueprint.get(f"{_APP}/keys")
def keys(app_uuid: str) -> Response:
    """List the public keys of the app as PEM."""
    app = resources.reader(app_uuid).app
    found = [write(key) for key in signing_keys.listed(calls.db(), app)]
    return envelope.items("appKeys", found)


@blueprint.get(f"{_APP}/jwks.json")
def key_set(app_uuid: str) -> Response:
    """Answer the public keys we sign with as a JSON Web Key Set, to whoever asks."""
    app = apps.named(calls.db(), resources.uuid(app_uuid))
    ours = [key for key in signing_keys.listed(calls.db(), app) if key.is_ours]
    response = jsonify({"keys": [signing_keys.jwk(key) for key in ours]})
    response.headers["Cache-Control"] = f"public, max-age={_KEYS_KEPT_SECONDS}"
    return response


@blueprint.post(f"{_APP}/keys")
def add_key(app_uuid: str) -> Response:
    """Rotate our key, or believe one of the app's own issuer."""
    holder = who(app_uuid)
    asked = bodies.read_json(AppKeyToCreate)
    db = calls.db()
    call = resources.repeatable(holder.scope, asked)
    key = repeated_keys.add(db, call, partial(_add, holder.app, asked))
    db.commit()
    return _created(envelope.items("appKeys", [write(key)]))


@blueprint.delete(f"{_APP}/keys/<key_uuid>")
def retire_key(app_uuid: str, key_uuid: str) -> Response:
    """Stop believing a key, with every token it signed."""
    holder = who(app_uuid)
    key = signing_keys.retire(calls.db(), holder.app, resources.uuid(key_uuid))
    calls.db().commit()
    return envelope.items("appKeys", [write(key)])


def who(app_uuid: str) -> KeyHolder:
    """Answer whose write key the three headers show."""
    return resources.writer(app_uuid)


def write(key: SigningKey) -> dict[str, Any]:
    """Answer a key as one item."""
    return {
        **resources.row(key),
        "appUuid": str(key.app.uuid),
        "kid": key.kid,
        "issuer": key.issuer,
        "alg": "RS256",
        "isOwnIssuer": not key.is_ours,
        "value": key.public_pem,
        "retiresAt": envelope.moment(key.retired_at),
    }


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return resources.refuse(error)


def _add(app: App, asked: AppKeyToCreate) -> SigningKey:
    db, site = calls.db(), calls.site()
    if asked.issuer is None or asked.kid is None or asked.value is None:
        return signing_keys.rotate(db, site, app)
    issuer, kid, pem = asked.issuer, asked.kid, asked.value
    return signing_keys.register(db, site, app, issuer=issuer, kid=kid, pem=pem)


def _created(response: Response) -> Response:
    response.status_code = 201
    return response


dialect = Dialect(
    name="tokens",
    title="Tokens: bearer tokens for an app's users, and the keys they are checked with",
    owns=re.compile(r"/api/v1/apps/[^/]+/(users/[^/]+/tokens|keys|jwks\.json)(/|$)"),
    refuse=refuse,
    operations=tokens_operations.OPERATIONS,
)

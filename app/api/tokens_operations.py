"""The operations of tokens and keys, as /openapi.json tells of them."""

from __future__ import annotations

from app.api import resources
from app.api.dialects import Operation
from app.api.tokens_bodies import AppKeyList, AppKeyToCreate, JsonWebKeySet, TokenList

_PEM = "-----BEGIN PUBLIC KEY-----\nMIIBIjAN...\n-----END PUBLIC KEY-----\n"
_KEY = {
    **resources.A_ROW,
    "appUuid": "22222222-2222-4222-8222-222222222222",
    "kid": "c1Cq3zJ0",
    "issuer": "https://billing.example.com",
    "alg": "RS256",
    "isOwnIssuer": False,
    "value": _PEM,
    "retiresAt": None,
}
_TOKEN = {
    "accessToken": "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
    "idToken": None,
    "expiresIn": "1767229200",
    "tokenType": "Bearer",
    "redirectUri": None,
    "refreshToken": None,
}
_JWK = {"kty": "RSA", "n": "0vx7ago", "e": "AQAB", "kid": "c1Cq3zJ0", "use": "sig", "alg": "RS256"}
_KEYS = "/api/v1/apps/{appUuid}/keys"

OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/apps/{appUuid}/users/{userUuid}/tokens",
        summary="Issue a bearer token for a user",
        description="It is good for an hour and for this app only. A repeated call issues"
        " another one, which harms nobody; with the same idempotency key it answers the same one,"
        " which may have run out by then.",
        security=resources.BY_KEY,
        is_create=True,
        answers=resources.created(TokenList, resources.listed("tokens", _TOKEN)),
    ),
    Operation(
        method="GET",
        path=_KEYS,
        summary="List the public keys of an app",
        description="`items[0].value` is the PEM that checks the tokens we sign now.",
        security=resources.BY_KEY,
        answers=resources.answers(
            "Every key that is believed.", AppKeyList, resources.listed("appKeys", _KEY)
        ),
    ),
    Operation(
        method="POST",
        path=_KEYS,
        summary="Rotate the signing key, or register one of your own issuer",
        description="An empty object makes a new key that signs from now on; tokens of the"
        " earlier one are believed for an hour more. With issuer, kid and value, tokens of your"
        " own issuer are believed: their `sub` is a user's uuid or external id. With an idempotency"
        " key a repeated call answers the key it added before, and rotates no second time.",
        security=resources.BY_KEY,
        body=AppKeyToCreate,
        body_example={"issuer": "https://id.example.com", "kid": "2026-01", "value": _PEM},
        is_create=True,
        answers=resources.created(AppKeyList, resources.listed("appKeys", _KEY)),
    ),
    Operation(
        method="DELETE",
        path=f"{_KEYS}/{{keyUuid}}",
        summary="Retire a key at once",
        description="For a key that leaked: every token it signed is refused from now on.",
        security=resources.BY_KEY,
        answers=resources.answers(
            "Retired.",
            AppKeyList,
            resources.listed("appKeys", {**_KEY, "retiresAt": resources.A_MOMENT}),
        ),
    ),
    Operation(
        method="GET",
        path="/api/v1/apps/{appUuid}/jwks.json",
        summary="Read the signing keys as a JSON Web Key Set",
        description="Public, for the libraries that check tokens.",
        answers=resources.answers("The keys.", JsonWebKeySet, {"keys": [_JWK]}),
    ),
)

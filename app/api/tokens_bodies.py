"""What is asked and said about tokens and keys."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from app.api import bodies
from app.api.resources import Body, Row, Shape


class AccessToken(Shape):
    """A bearer token; `expiresIn` is Unix time in seconds, as text."""

    access_token: str
    id_token: str | None
    expires_in: str = Field(pattern=r"^\d+$")
    token_type: Literal["Bearer"]
    redirect_uri: str | None
    refresh_token: str | None


class TokenList(Shape):
    """The answer to a create: always one item."""

    kind: Literal["tokens"]
    total_items: int
    items_length: int
    items: list[AccessToken]


class AppKeyToCreate(Body):
    """Nothing, to rotate our own key; or the public key of your own issuer, all three fields."""

    issuer: str | None = Field(
        default=None, max_length=500, description="What your tokens say in `iss`."
    )
    kid: str | None = Field(
        default=None, max_length=200, description="What your tokens say in their header."
    )
    value: str | None = Field(
        default=None, max_length=10_000, description="An RSA public key as PEM, 2048 bits or more."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> AppKeyToCreate:
        given = {"issuer": self.issuer, "kid": self.kid, "value": self.value}
        missing = next((name for name, text in given.items() if text is None), None)
        if missing is not None and any(text is not None for text in given.values()):
            raise bodies.FieldError(missing, "is required")
        return self


class AppKey(Row):
    """A public key that tokens of the app are checked with."""

    app_uuid: UUID
    kid: str
    issuer: str
    alg: Literal["RS256"]
    is_own_issuer: bool
    value: str
    retires_at: str | None


class AppKeyList(Shape):
    """Keys: ours first, the one that signs now on top, then those of the app's own issuer."""

    kind: Literal["appKeys"]
    total_items: int
    items_length: int
    items: list[AppKey]


class JsonWebKey(Shape):
    """A public key (RFC 7517)."""

    kty: Literal["RSA"]
    n: str
    e: str
    kid: str
    use: Literal["sig"]
    alg: Literal["RS256"]


class JsonWebKeySet(Shape):
    """The keys we sign with."""

    keys: list[JsonWebKey]

"""An app's server, its tenants' users, and strangers, calling the APIs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.billing.access import api_keys, tokens
from app.billing.demo.demo_world import API_KEYS
from app.billing.site import Site
from app.models import App, CheckoutSession, Tenant, User
from tests.cast import World
from tests.pages import flask_app, new_app

__all__ = ["flask_app", "new_app"]

Json = dict[str, Any]


@dataclass
class Caller:
    """Somebody who calls an API, with the headers that say who they are.

    Before each call the test's own session ends what it began: SQLite has one writer at a time.
    """

    client: FlaskClient
    db: Session
    headers: dict[str, str] = field(default_factory=dict)

    def posts(self, path: str, body: Any = None, **headers: str | None) -> TestResponse:
        """Send JSON, or bytes as they are; a header None is left out."""
        sent = self.sends(headers)
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            return self.client.post(path, data=body, headers=sent)
        return self.client.post(path, json=body, headers=sent)

    def gets(self, path: str, **headers: str | None) -> TestResponse:
        """Ask for something."""
        return self.client.get(path, headers=self.sends(headers))

    def calls(self, method: str, path: str, **headers: str | None) -> TestResponse:
        """Use any method."""
        return self.client.open(path, method=method, headers=self.sends(headers))

    def sends(self, changed: dict[str, str | None]) -> dict[str, str]:
        """Answer the headers of a call; underscores stand for dashes."""
        self.db.commit()
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        merged = {name.lower(): value for name, value in {**self.headers, **named}.items()}
        return {name: value for name, value in merged.items() if value is not None}


@pytest.fixture
def server(flask_app: Flask, world: World, db: Session) -> Caller:
    """Answer the app's own server, with its write key."""
    return Caller(flask_app.test_client(), db, key_headers(world.app, API_KEYS["write"]))


@pytest.fixture
def reader(flask_app: Flask, world: World, db: Session) -> Caller:
    """Answer the app's own server, with its read key."""
    return Caller(flask_app.test_client(), db, key_headers(world.app, API_KEYS["read"], "read"))


@pytest.fixture
def bearer_of(flask_app: Flask, world: World, site: Site, db: Session) -> Callable[[User], Caller]:
    """Answer a user's browser, with a bearer token of the app."""

    def caller(user: User) -> Caller:
        token = tokens.issue(db, site, world.app, user)
        db.commit()
        return Caller(flask_app.test_client(), db, {"Authorization": f"Bearer {token}"})

    return caller


@dataclass
class Strangers:
    """Another app on the same installation, with a tenant and keys of its own."""

    app: App
    tenant: Tenant
    key: str


@pytest.fixture
def strangers(world: World, db: Session) -> Strangers:
    """Answer an app that has nothing to do with Acme Notes."""
    other = App(name="Other", seller_name="Other Ltd", seller_country="DE")
    tenant = Tenant(app=other, name="Umbrella", country="DE")
    db.add_all([other, tenant])
    db.flush()
    _, key = api_keys.issue(db, other, "write", "write")
    db.commit()
    return Strangers(other, tenant, key)


def key_headers(app: App, key: str, type: str = "write") -> dict[str, str]:
    """Answer the three headers of an app's server."""
    return {"x-api-key": key, "x-client-id": str(app.uuid), "x-api-key-type": type}


def checkouts(db: Session) -> list[CheckoutSession]:
    """Answer every checkout as it is in the database now."""
    found = db.scalars(
        select(CheckoutSession)
        .order_by(CheckoutSession.id)
        .execution_options(populate_existing=True)
    ).all()
    db.commit()
    return list(found)

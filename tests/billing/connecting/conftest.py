"""An owner who connects accounts."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.connecting import (
    connections,
)
from app.billing.site import Site
from app.models import (
    AppMember,
    ProviderAccount,
)
from tests.billing.connecting.doors import KEY
from tests.cast import World


@pytest.fixture
def owner(world: World, db: Session) -> AppMember:
    """Answer the owner of an app to which nothing is connected yet."""
    db.execute(
        update(ProviderAccount).values(
            disconnected_at=clock.wall(), connected_at=None, sealed_credentials=""
        )
    )
    member = db.scalars(select(AppMember)).one()
    assert member.app and member.user
    db.commit()
    return member


@pytest.fixture
def account(db: Session, site: Site, owner: AppMember) -> ProviderAccount:
    """Answer their connected account at Stripe."""
    made = connections.connect(db, site, owner, provider="stripe", secret_key=KEY, livemode=False)
    return made.account

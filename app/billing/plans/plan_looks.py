"""Looks at a plan: the provider's truth, and then what follows from it at the provider."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.billing.plans import subscriptions
from app.billing.site import Site
from app.billing.truth import deeds


def look(
    db: Session, site: Site, subscription_id: int, *, cause: str, also: Collection[str] = ()
) -> None:
    """Look at a plan as `subscriptions.sync` does, then do the acts it waits for. Commits. Raises
    `providers.errors.ProviderError`."""
    subscriptions.sync(db, site, subscription_id, cause=cause, also=also)
    deeds.of_subscription(db, site, subscription_id)

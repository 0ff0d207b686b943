"""Customer deeds: what deleting a tenant asks of the providers, done there and kept here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.billing.purchase import requests
from app.billing.site import Site
from app.db.base import table
from app.models import Act, Customer
from app.providers import errors
from app.providers.base import Provider


class Delete:
    """A customer that is deleted at its provider; deleted again it leads to the same."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(requests.CustomerDeletion, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> None:
        """Delete it there."""
        self._provider.delete_customer(self._request.customer_id, key=key)

    def find(self) -> None:
        """Answer nothing: deleting a deleted customer is no error, so it is simply done again."""

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write that the provider does not know the customer any more."""
        rows = table(Customer)
        self._db.execute(
            update(rows)
            .where(
                rows.c.provider_account_id == self._act.provider_account_id,
                rows.c.provider_id == self._request.customer_id,
            )
            .values(deleted_at=now)
        )
        return self._request.customer_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: what is kept of the tenant says that a person has to delete it there."""

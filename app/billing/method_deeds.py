"""Method deeds: which method on file is charged from now on, and which is forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing import payment_methods, requests
from app.billing.site import Site
from app.db import lock
from app.models import Act, PaymentMethod, Subscription
from app.providers import errors
from app.providers.base import Provider


class SetDefault:
    """A method that is charged from now on, for the customer and its plan."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(requests.MethodRequest, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> None:
        """Set it; doing so again does no harm."""
        self._provider.set_default_method(
            self._request.method_id,
            customer_id=self._request.customer_id,
            subscription_id=self._request.subscription_id,
            key=key,
        )

    def find(self) -> None:
        """Answer nothing: it is simply done again."""

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write it as the default and as the plan's."""
        assert self._act.payment_method_id is not None
        if self._act.subscription_id is not None:
            plan = lock.one(self._db, Subscription, self._act.subscription_id)
            plan.version += 1
            plan.payment_method_id = self._act.payment_method_id
        method = lock.one(self._db, PaymentMethod, self._act.payment_method_id)
        payment_methods.make_default(self._db, method)
        return self._request.method_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: the method that was charged before stays."""


class Forget:
    """A method that is taken off the file."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(requests.MethodRequest, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> None:
        """Forget it there; forgetting a forgotten one is no error."""
        self._provider.forget_payment_method(
            self._request.method_id, customer_id=self._request.customer_id
        )

    def find(self) -> None:
        """Answer nothing: it is simply done again."""

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write that it is gone."""
        assert self._act.payment_method_id is not None
        method = lock.one(self._db, PaymentMethod, self._act.payment_method_id)
        method.removed_at = method.removed_at or now
        method.is_default = False
        return self._request.method_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: it stays on file."""

"""Method deeds: which method on file is charged from now on, and which is forgotten."""

from __future__ import annotations

import contextlib
from datetime import datetime

from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.errors import Conflict
from app.billing.methods import method_acts, method_notices, payment_methods
from app.billing.plans import dunning
from app.billing.purchase import requests
from app.billing.site import Site
from app.db import lock
from app.models import Act, PaymentMethod, Subscription, Tenant, User
from app.providers import errors
from app.providers.base import Provider


class SetDefault:
    """A method that is charged from now on, for the customer and its plan."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._site, self._act, self._provider = db, site, act, provider
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
        """Write it as the default and as the plan's, and tell; what is overdue is charged by a
        method that was added for that."""
        db, act = self._db, self._act
        assert act.payment_method_id is not None
        plan = lock.one(db, Subscription, act.subscription_id) if act.subscription_id else None
        method = db.get_one(PaymentMethod, act.payment_method_id)
        lock.one(db, Tenant, method.tenant_id)
        db.refresh(method)
        before = None
        if plan is not None:
            before = plan.payment_method_id
            plan.version += 1
            plan.payment_method_id = method.id
        payment_methods.make_default(db, method)
        if plan is None or before != method.id:
            known = db.get(PaymentMethod, before) if before else None
            method_notices.chosen(
                db, method, plan, known, effect=f"act:{act.id}", cause=_cause(db, act), now=now
            )
        if plan is not None and act.reason == method_acts.ADDED:
            self._charge(plan, method, now=now)
        return self._request.method_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: the method that was charged before stays."""

    def _charge(self, plan: Subscription, method: PaymentMethod, *, now: datetime) -> None:
        # Nothing is overdue any more, or it is being charged at this moment.
        with contextlib.suppress(Conflict):
            dunning.charge_now(self._db, self._site, plan, method=method, now=now)


class Forget:
    """A method that is taken off the file."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(requests.MethodRequest, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> None:
        """Forget it there, once no plan is charged by it: forgetting a mandate ends the
        subscriptions that charge it (Mollie, "Revoke mandate"). Forgetting a forgotten one is no
        error."""
        self._require_uncharged()
        try:
            self._provider.forget_payment_method(
                self._request.method_id, customer_id=self._request.customer_id
            )
        except errors.Missing:
            return

    def find(self) -> None:
        """Answer nothing: it is simply done again."""

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write that it is gone, and tell."""
        assert self._act.payment_method_id is not None
        method = self._db.get_one(PaymentMethod, self._act.payment_method_id)
        lock.one(self._db, Tenant, method.tenant_id)
        self._db.refresh(method)
        method.removed_at = method.removed_at or now
        method.is_default = False
        method_notices.removed(self._db, method, cause=_cause(self._db, self._act), now=now)
        return self._request.method_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Write that it stays on file."""
        assert self._act.payment_method_id is not None
        self._db.get_one(PaymentMethod, self._act.payment_method_id).removed_at = None

    def _require_uncharged(self) -> None:
        assert self._act.payment_method_id is not None
        method = self._db.get_one(PaymentMethod, self._act.payment_method_id)
        pays = method_acts.pays_for(self._db, method)
        is_switching = bool(method_acts.switches(self._db, method))
        self._db.commit()
        if is_switching:
            raise errors.Unavailable("another method is not charged yet")
        if pays:
            raise errors.Refused("a plan is still charged by it")


def _cause(db: Session, act: Act) -> str:
    user = db.get(User, act.user_id) if act.user_id else None
    return timeline.by_user(user.uuid) if user else "act"

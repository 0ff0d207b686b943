"""Cancelation deeds: a plan ended at its provider, at once or with its period."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.mail import mail_kinds, mails
from app.billing.plans import plan_deeds, plan_states, subscriptions
from app.billing.purchase import requests
from app.billing.site import Site
from app.db import lock
from app.models import Act, Subscription
from app.providers import errors
from app.providers.base import Provider, SubscriptionState

# Why a plan is ended at once where its app's owner wants it.
BY_OWNER = "owner"


class _Cancelation:
    """The end of a subscription, when its request says."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._act, self._provider = db, act, provider
        self._request = requests.load(requests.Cancellation, act.request)
        self.window = provider.key_window

    def do(self, key: str) -> SubscriptionState | None:
        """End it; one the provider has forgotten has ended."""
        try:
            return self._provider.cancel_subscription(
                self._request.provider_id,
                customer_id=self._request.customer_id,
                when=self._request.when,
                key=key,
                comment=self._request.comment,
            )
        except errors.Missing:
            return None

    def find(self) -> None:
        """Answer nothing: ending an ended subscription is no error, so it is simply done again."""

    def _write_mail(
        self, row: Subscription, *, ends_at: datetime, is_over: bool, now: datetime
    ) -> None:
        mails.write(
            self._db,
            mail_kinds.Canceled(plan=row.price.product.name, ends_at=ends_at, is_over=is_over),
            f"act:{self._act.id}",
            app_id=row.app_id,
            tenant_id=row.tenant_id,
            livemode=row.livemode,
            now=now,
        )


class Cancel(_Cancelation):
    """The end, at once, of a subscription that must not go on."""

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write that the plan has ended."""
        subscriptions.end(
            self._db,
            self._act.provider_account_id,
            self._request.provider_id,
            reason=self._act.reason if self._act.reason in plan_states.REASONS else "canceled",
            now=now,
        )
        if self._act.reason == BY_OWNER:
            # The tenant did not ask for this end, so they are told.
            assert self._act.subscription_id is not None
            row = self._db.get_one(Subscription, self._act.subscription_id)
            self._write_mail(row, ends_at=row.ended_at or now, is_over=True, now=now)
        return self._request.provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: the failed act is for a person to see."""


class CancelWithPeriod(_Cancelation):
    """The end of a plan with its period. Mollie ends it at once; what is paid for runs on here."""

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write that the plan ends with its period, or has ended where that is over."""
        assert self._act.subscription_id is not None
        row = lock.one(self._db, Subscription, self._act.subscription_id)
        had_ended = row.ended_at is not None
        cause = plan_deeds.cause_of(self._db, self._act)
        subscriptions.end_with_period(self._db, row, cause=cause, now=now)
        if not had_ended:
            ends_at, is_over = row.ended_at or row.period_end or now, row.ended_at is not None
            self._write_mail(row, ends_at=ends_at, is_over=is_over, now=now)
        return self._request.provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Write that the plan goes on."""
        assert self._act.subscription_id is not None
        lock.one(self._db, Subscription, self._act.subscription_id).cancel_reason = None

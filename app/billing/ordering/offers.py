"""The ways to pay an app's connected accounts offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.billing.connecting import provider_accounts
from app.billing.plans import trials
from app.billing.site import Site
from app.models import Tenant
from app.money import Money
from app.providers.base import Mode


@dataclass(frozen=True, slots=True)
class OfferedMethod:
    """A way to pay at one provider; `settle_days` is 0 where the answer comes at once. For a plan
    with a trial `charged_from` is when it is first charged, and `verification` what is taken today
    and given back at once."""

    id: str
    provider: str
    provider_name: str
    method: str
    settle_days: int
    charged_from: datetime | None = None
    verification: Money | None = None


def methods(
    db: Session,
    site: Site,
    tenant: Tenant,
    *,
    mode: Mode,
    currency: str,
    trial_days: int = 0,
) -> list[OfferedMethod]:
    """Answer every way to pay at the app's connected accounts, the default account first."""
    now = site.clock.now()
    offered = []
    for account in provider_accounts.of(db, tenant.app):
        capabilities = site.capabilities(account.provider)
        offered += [
            OfferedMethod(
                id=f"{account.provider}-{method.slug}",
                provider=account.provider,
                provider_name=capabilities.name,
                method=method.slug,
                settle_days=method.settle_days,
                charged_from=trials.end(capabilities, now, trial_days) if trial_days else None,
                verification=trials.verification(capabilities, currency) if trial_days else None,
            )
            for method in capabilities.offers(trials.mode(capabilities, mode, trial_days), currency)
        ]
    return offered

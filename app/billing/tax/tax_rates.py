"""Tax rates at a provider that knows them by id: made on first use, once each."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.purchase import made_once, requests
from app.billing.site import Account, Site
from app.billing.tax.taxes import Rate
from app.db import once
from app.db.base import table
from app.models import ProviderTaxRate
from app.providers.base import Provider, TaxRateRequest

_MADE = table(ProviderTaxRate)


def ensure(db: Session, site: Site, rate: Rate, account: Account, *, inclusive: bool) -> str:
    """Answer the provider id of a rate at an account, making it there if need be. Commits.

    Raises ProviderUnavailable, and `providers.errors.ProviderError` where the provider refuses.
    """
    row_id = _row(db, rate, account, inclusive=inclusive)
    return made_once.ensure(db, site, ProviderTaxRate, row_id, _Maker(site.provider(account)))


class _Maker:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.window = provider.key_window

    def make(self, request: str, key: str) -> str:
        return self._provider.ensure_tax_rate(requests.load(TaxRateRequest, request), key=key)

    def find(self, request: str) -> str | None:
        return self._provider.find_tax_rate(requests.load(TaxRateRequest, request).uuid)


def _row(db: Session, rate: Rate, account: Account, *, inclusive: bool) -> int:
    place = (
        _MADE.c.tax_rate_id == rate.id,
        _MADE.c.provider_account_id == account.id,
        _MADE.c.is_inclusive.is_(inclusive),
    )
    row_uuid = uuid4()
    request = TaxRateRequest(
        uuid=str(row_uuid),
        name=rate.name,
        percentage=rate.percentage,
        inclusive=inclusive,
        country=rate.country,
    )
    made = once.insert(
        db,
        ProviderTaxRate,
        {
            "uuid": row_uuid,
            "tax_rate_id": rate.id,
            "provider_account_id": account.id,
            "is_inclusive": inclusive,
            "idempotency_key": str(uuid4()),
            "request": requests.dump(request),
        },
    )
    db.commit()
    return made if made is not None else db.execute(select(_MADE.c.id).where(*place)).scalar_one()

"""The signing secret of a connected account: renewed, or typed by hand."""

from __future__ import annotations

from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.connecting import (
    provider_accounts,
    provider_webhooks,
)
from app.billing.errors import Invalid, ProviderUnavailable
from app.billing.site import Site
from app.billing.truth.doors import Doors
from app.db.engine import Database
from app.models import (
    AppMember,
    AuditEntry,
    ProviderAccount,
)
from tests import together
from tests.billing.connecting.doors import KEY, arrived, endpoints, knock, secret_of
from tests.sandbox_server import SandboxServer
from tests.waiting import PATIENCE_SECONDS


class TestTheSigningSecret:
    def test_renewed_is_believed_at_once_and_the_earlier_one_no_more(
        self,
        account: ProviderAccount,
        db: Session,
        database: Database,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("app.billing.truth.doors._ANEW_SECONDS", 0)
        doors, earlier = Doors(database, site), secret_of(site, account)
        db.commit()
        knock(doors, account, earlier)

        provider_webhooks.renew(db, site, owner, account)
        db.refresh(account)
        db.commit()
        knock(doors, account, secret_of(site, account))

        with pytest.raises(Invalid):
            knock(doors, account, earlier)
        assert arrived(db) == 2
        assert endpoints(sandbox, site.hook_url(account)) == 1

    def test_is_renewed_once_by_clicks_at_once(
        self,
        account: ProviderAccount,
        db: Session,
        database: Database,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
    ) -> None:
        def press(_: int) -> str:
            with database.writer() as own:
                member = own.get_one(AppMember, owner.id)
                assert member.user
                found = own.get_one(ProviderAccount, account.id)
                own.commit()
                # All have seen the same secret before the first presses.
                seen.wait(PATIENCE_SECONDS)
                return provider_webhooks.renew(own, site, member, found).state

        seen = Barrier(3)
        db.commit()
        states = together.each(press, range(3))

        db.refresh(account)
        made = db.scalars(
            select(AuditEntry.id).where(AuditEntry.action == "provider_account.webhook_registered")
        ).all()
        db.commit()
        assert states == ["registered"] * 3
        assert len(made) == 1
        assert endpoints(sandbox, site.hook_url(account)) == 1
        assert provider_accounts.is_ready(site, account)

    def test_stays_where_the_provider_does_not_answer(
        self,
        account: ProviderAccount,
        db: Session,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
    ) -> None:
        earlier = secret_of(site, account)
        sandbox.fault("500_before", provider="stripe", times=9)

        with pytest.raises(ProviderUnavailable):
            provider_webhooks.renew(db, site, owner, account)

        sandbox.clear_faults()
        db.refresh(account)
        assert secret_of(site, account) == earlier
        assert endpoints(sandbox, site.hook_url(account)) == 1

    @pytest.mark.parametrize("typed", ["", "whsec_", KEY, "whsec_ab cd", "whsec_" + "a" * 999])
    def test_is_kept_only_where_it_is_one(
        self, account: ProviderAccount, db: Session, site: Site, owner: AppMember, typed: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            provider_webhooks.keep_secret(db, site, owner, account, typed)

        assert refusal.value.field == "webhook_secret"

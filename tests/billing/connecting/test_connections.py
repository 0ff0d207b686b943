"""Connecting an account at a provider."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.connecting import (
    connections,
    provider_accounts,
)
from app.billing.errors import ProviderUnavailable
from app.billing.site import Site
from app.models import (
    AppMember,
    AuditEntry,
    ProviderAccount,
)
from tests.billing.connecting.doors import KEY, endpoints, secret_of
from tests.sandbox_server import SandboxServer


class TestConnect:
    def test_keeps_what_tells_the_account_and_no_secret_in_the_open(
        self, account: ProviderAccount, db: Session, site: Site
    ) -> None:
        line = db.scalars(select(AuditEntry)).one()
        db.commit()

        assert (account.key_hint, account.name, account.webhook) == (
            "ions",
            "Acme Notes",
            "registered",
        )
        assert account.provider_id is not None and account.provider_id.startswith("acct_")
        assert (line.action, line.subject) == (
            "provider_account.connected",
            "Stripe test Acme Notes",
        )
        assert KEY not in f"{line.details} {account.sealed_credentials}"
        assert secret_of(site, account) not in str(line.details)

    def test_is_as_it_was_where_the_provider_does_not_answer_halfway(
        self, db: Session, site: Site, owner: AppMember, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", match="webhook_endpoints", times=9)

        with pytest.raises(ProviderUnavailable):
            connections.connect(db, site, owner, provider="stripe", secret_key=KEY, livemode=False)

        sandbox.clear_faults()
        assert provider_accounts.of(db, owner.app) == []
        db.commit()
        made = connections.connect(
            db, site, owner, provider="stripe", secret_key=KEY, livemode=False
        )
        assert endpoints(sandbox, site.hook_url(made.account)) == 1

    def test_finds_the_endpoint_of_a_call_whose_answer_was_lost(
        self, db: Session, site: Site, owner: AppMember, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_after", provider="stripe", match="webhook_endpoints", times=1)
        with pytest.raises(ProviderUnavailable):
            connections.connect(db, site, owner, provider="stripe", secret_key=KEY, livemode=False)
        sandbox.clear_faults()

        made = connections.connect(
            db, site, owner, provider="stripe", secret_key=KEY, livemode=False
        )

        assert made.replaced == 1
        assert endpoints(sandbox, site.hook_url(made.account)) == 1

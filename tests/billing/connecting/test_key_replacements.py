"""Replacing the key of a connected account."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.billing.connecting import (
    key_replacements,
    provider_accounts,
)
from app.billing.errors import Conflict, Invalid
from app.billing.site import Site
from app.billing.vault import Vault
from app.models import (
    AppMember,
    ProviderAccount,
)
from tests.billing.connecting.doors import KEY, endpoints
from tests.sandbox_server import SandboxServer


class TestReplace:
    def test_is_whole_or_not_at_all_of_two_at_once(
        self, account: ProviderAccount, db: Session, site: Site
    ) -> None:
        before = account.sealed_credentials

        provider_accounts.swap(db, account, before, site.seal(site.credentials(before)))
        db.commit()

        with pytest.raises(Conflict, match="Somebody else"):
            provider_accounts.swap(db, account, before, "another")

    def test_keeps_the_present_key_where_the_provider_refuses_the_new_one(
        self, account: ProviderAccount, db: Session, site: Site, owner: AppMember
    ) -> None:
        before = account.sealed_credentials

        with pytest.raises(Invalid, match="does not accept this key") as refusal:
            key_replacements.replace(
                db, site, owner, account, secret_key="sk_test_sandbox___nobody"
            )

        db.refresh(account)
        assert refusal.value.field == "secret_key"
        assert account.sealed_credentials == before

    def test_opens_an_account_anew_whose_credentials_can_no_longer_be_read(
        self,
        account: ProviderAccount,
        db: Session,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
    ) -> None:
        account.sealed_credentials = Vault(["4d" * 32]).seal("{}")
        db.commit()

        key_replacements.replace(db, site, owner, account, secret_key=KEY)

        db.refresh(account)
        assert site.credentials(account.sealed_credentials).secret_key == KEY
        assert provider_accounts.is_ready(site, account)
        assert endpoints(sandbox, site.hook_url(account)) == 1

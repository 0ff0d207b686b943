"""Disconnecting an account at a provider."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.connecting import (
    disconnections,
    key_replacements,
    provider_accounts,
    provider_webhooks,
)
from app.billing.errors import Conflict
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.billing.truth import acts
from app.billing.truth.doors import Doors
from app.billing.vault import Vault
from app.db.engine import Database
from app.models import (
    Act,
    AppMember,
    ProviderAccount,
    Subscription,
)
from tests.billing.connecting.doors import KEY, endpoints, knock, secret_of
from tests.cast import World
from tests.sandbox_server import SandboxServer


class TestDisconnect:
    def test_waits_for_what_is_still_to_be_done_there(
        self, account: ProviderAccount, db: Session, site: Site, owner: AppMember
    ) -> None:
        db.add(
            Act(
                effect="refund:payment:1",
                kind="refund",
                reason="twice",
                provider_account_id=account.id,
                request="{}",
                next_try_at=clock.wall(),
            )
        )
        db.commit()

        with pytest.raises(Conflict, match="still"):
            disconnections.disconnect(db, site, owner, account)

        assert disconnections.ties(db, account) == disconnections.Ties(plans=0, checkouts=0, acts=1)

    def test_closes_the_door_and_lets_nothing_be_done_by_the_key(
        self,
        account: ProviderAccount,
        db: Session,
        database: Database,
        site: Site,
        owner: AppMember,
        sandbox: SandboxServer,
    ) -> None:
        url = site.hook_url(account)

        assert disconnections.disconnect(db, site, owner, account)

        db.refresh(account)
        assert account.sealed_credentials == ""
        assert endpoints(sandbox, url) == 0
        with pytest.raises(Conflict, match="disconnected"):
            key_replacements.replace(db, site, owner, account, secret_key=KEY)
        with pytest.raises(Conflict, match="disconnected"):
            provider_webhooks.renew(db, site, owner, account)
        with pytest.raises(Conflict, match="disconnected"):
            provider_accounts.make_default(db, site, owner, account)

    def test_leaves_nothing_for_the_sweep_to_ask(
        self,
        account: ProviderAccount,
        world: World,
        db: Session,
        database: Database,
        site: Site,
        owner: AppMember,
    ) -> None:
        knock(Doors(database, site), account, secret_of(site, account))
        db.add(
            Subscription(
                app_id=owner.app_id,
                tenant_id=world.globex.id,
                provider_account_id=account.id,
                price=world.price("team"),
                provider_id="sub_1",
                livemode=False,
                family="default",
                status="canceled",
                quantity=1,
                currency="EUR",
                net=2900,
                tax=0,
                total=2900,
                started_at=clock.wall(),
                anchor_at=clock.wall(),
                next_check_at=site.clock.now(),
            )
        )
        db.commit()

        disconnections.disconnect(db, site, owner, account)

        swept = sweep.run(db, site)
        assert (swept.failures, swept.events, swept.subscriptions) == (0, 0, 0)
        with pytest.raises(Conflict, match="disconnected"):
            site.provider(account)
        with pytest.raises(Conflict, match="disconnected"):
            acts.ask(
                db,
                "refund",
                "refund:payment:1",
                account_id=account.id,
                reason="asked",
                now=clock.wall(),
            )

    def test_of_a_key_nobody_can_open_says_that_the_webhook_is_left(
        self, account: ProviderAccount, db: Session, site: Site, owner: AppMember
    ) -> None:
        account.sealed_credentials = Vault(["4d" * 32]).seal("{}")
        db.commit()

        assert not disconnections.disconnect(db, site, owner, account)

        db.refresh(account)
        assert account.disconnected_at is not None

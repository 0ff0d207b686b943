"""The end of a tenant: nothing that names its people is left, and its invoices are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app import clock
from app.billing.access import portal_links
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.invoicing import invoice_lists
from app.billing.ordering import storefronts
from app.billing.people import invitations, password_resets, viewings
from app.billing.purchase import checkouts
from app.billing.reconciliation import verify
from app.billing.tenants import deputies, erasures, tenants
from app.billing.tenants.deputies import Deputy
from app.billing.truth import events
from app.billing.webhooks import webhooks
from app.db.base import Base
from app.db.engine import Database
from app.models import (
    Act,
    AppMember,
    AuditEntry,
    CheckoutSession,
    Invoice,
    Membership,
    Payment,
    Subscription,
    Tenant,
    User,
)
from app.providers import errors
from app.providers.base import ProviderEvent
from tests import payer
from tests.billing import running_plans
from tests.billing.purchases import Buyer, raising
from tests.cast import World

# What stands on an invoice stays on it.
KEPT = {("invoice", "buyer"), ("invoice", "paid_with")}
NAMES = ("globex", "tara", "milo", "cyprus avenue", "de123456789", "ref-77", "jane doe")
# Every table that points at a tenant or a person, so that a new one is thought of here too.
POINTING = {
    *(
        "api_key",
        "app_member",
        "app_invitation",
        "act",
        "audit_entry",
        "checkout_session",
        "customer",
    ),
    *("idempotency_key", "invitation", "invoice", "mail", "membership", "password_reset"),
    *("payment", "payment_method", "portal_link", "recovery_code", "subscription"),
    *("subscription_change", "timeline_entry", "user_session", "webhook_event"),
}


@pytest.fixture
def deputy(world: World) -> Deputy:
    """Answer Alice at Globex."""
    return at_globex(world)


def at_globex(world: World) -> Deputy:
    member = world.db.scalars(select(AppMember).where(AppMember.user_id == world.alice.id)).one()
    found = deputies.of(world.db, member, world.globex.uuid)
    world.db.commit()
    return found


def erase(
    world: World, deputy: Deputy, typed: str = "Globex", *, at_providers: bool = False
) -> None:
    now = clock.wall()
    erasures.erase(world.db, deputy, typed=typed, now=now, at_providers=at_providers)


def erased(world: World, deputy: Deputy, *, at_providers: bool = False) -> None:
    erase(world, deputy, at_providers=at_providers)
    world.db.commit()


def traces(world: World) -> Iterator[str]:
    """Answer where any of the names still stands."""
    for table in Base.metadata.sorted_tables:
        for row in world.db.execute(select(table)).mappings():
            for column, value in row.items():
                if (table.name, str(column)) in KEPT:
                    continue
                told = [name for name in NAMES if name in str(value).casefold()]
                yield from (f"{name} in {table.name}.{column}" for name in told)
    world.db.commit()


@pytest.fixture
def lived(world: World, tara: Buyer) -> CheckoutSession:
    """Let Globex leave what a tenant can leave, wherever it can; answer what it bought."""
    db, site = world.db, tara.site
    globex = db.get_one(Tenant, world.globex.id)
    globex.address_line1, globex.vat_number = "1 Cyprus Avenue", "DE123456789"
    globex.invoice_email = "bills@globex.example"
    db.commit()
    placed = tara.buys("onboarding", None, quantity=1, method="mollie-card")
    assert placed.url is not None
    tara.comes_back(payer.pays(placed.url))
    tara.comes_back(payer.pays(str(tara.saves().url)))
    checkout = tara.checkout(placed)
    checkout.buyer = {"name": "Globex"}
    checkout.collected = {"email": "jane doe <tara@globex.example>"}
    checkout.reference, checkout.caller_metadata = "ref-77", {"who": "Jane Doe"}
    checkout.verdict_reason = "Tara called"
    told = {"reference": "ref-77", "metadata": {"who": "Jane Doe"}}
    webhooks.publish(db, checkout, "ping", effect="told", payload=told, now=site.clock.now())
    db.commit()
    payload = '{"customer_details": {"email": "bills@globex.example"}}'
    event = ProviderEvent("charge.succeeded", "ch_of_nobody_known", "evt_1")
    events.receive(db, world.account("stripe").id, event, payload=payload, now=site.clock.now())
    invitations.invite(
        db, site, membership=tara.membership, email="tina@globex.example", role="member"
    )
    portal_links.issue(db, site, tenant=world.globex)
    password_resets.ask(db, site, email="tara@globex.example", address="127.0.0.1")
    member = db.scalars(select(AppMember)).one()
    audits.note(db, member, "person.seen", "tara@globex.example", now=clock.wall())
    db.commit()
    return checkout


class TestDeleting:
    def test_leaves_nothing_that_names_anybody(self, world: World, lived: CheckoutSession) -> None:
        before = set(traces(world))
        assert all(any(trace.startswith(name) for trace in before) for name in NAMES)

        erased(world, at_globex(world))

        assert set(traces(world)) == set()

    def test_takes_out_why_a_plan_was_ended(self, world: World, tara: Buyer) -> None:
        running_plans.bought(tara, "stripe-card")
        running_plans.cancels(tara, "other: Jane Doe wants another one")
        running_plans.lives_on(tara, "1 month")
        assert "jane doe in act.request" in set(traces(world))

        erased(world, at_globex(world))

        assert set(traces(world)) == set()

    def test_keeps_what_the_books_rest_on(
        self, world: World, tara: Buyer, lived: CheckoutSession
    ) -> None:
        (before,) = tara.rows(Invoice)
        figures = (before.document_number, before.total, before.buyer)

        erased(world, at_globex(world))

        alice = at_globex_deleted(world)
        tenant = erasures.find(world.db, alice, world.globex.uuid)
        (kept,) = invoice_lists.page(world.db, tenant, invoice_lists.Wanted()).invoices
        assert (kept.document_number, kept.total, kept.buyer) == figures
        assert [one.status for one in tara.rows(Payment)] == ["paid"]
        assert [one.state for one in tara.rows(CheckoutSession)] == ["complete", "complete"]
        assert len(erasures.customers(world.db, tenant)) == 2

    def test_lasts_when_the_provider_is_looked_at_again(
        self, world: World, tara: Buyer, lived: CheckoutSession
    ) -> None:
        erased(world, at_globex(world))

        for checkout in tara.rows(CheckoutSession):
            checkouts.sync(world.db, tara.site, checkout.id, cause="verify")

        assert set(traces(world)) == set()

    def test_ends_the_accounts_of_people_who_belong_nowhere_else(
        self, world: World, deputy: Deputy
    ) -> None:
        world.db.add(Membership(tenant_id=world.initech.id, user_id=world.milo.id, role="member"))
        world.db.commit()
        epoch = world.tara.session_epoch

        prospect = erasures.consider(world.db, deputy)
        erased(world, deputy)

        tara = world.db.get_one(User, world.tara.id, populate_existing=True)
        milo = world.db.get_one(User, world.milo.id, populate_existing=True)
        assert [user.email for user in prospect.leaving] == [tara_of(world)]
        assert prospect.staying == [milo]
        assert tara.deleted_at is not None and tara.password_digest is None
        assert tara.session_epoch == epoch + 1
        assert milo.deleted_at is None and milo.email == "milo@globex.example"
        assert tenants.memberships(world.db, milo.id)[0].tenant.name == "Initech"

    def test_keeps_who_runs_the_app(self, world: World, deputy: Deputy) -> None:
        world.db.add(AppMember(app_id=world.app.id, user_id=world.tara.id, role="support"))
        world.db.commit()

        erased(world, deputy)

        tara = world.db.get_one(User, world.tara.id, populate_existing=True)
        assert tara.email == "tara@globex.example" and tara.deleted_at is None

    def test_touches_no_other_tenant(self, world: World, peter: Buyer, deputy: Deputy) -> None:
        placed = peter.buys("onboarding", None, quantity=1, country="US", currency="USD")
        assert placed.url is not None
        peter.comes_back(payer.pays(placed.url))
        before = whole(world, "initech")

        erased(world, deputy)

        assert whole(world, "initech") == before

    def test_closes_every_way_in(self, world: World, deputy: Deputy) -> None:
        erased(world, deputy)

        user, globex = world.tara.id, world.globex.uuid
        for enter in (tenants.find, storefronts.enter, storefronts.view, viewings.find):
            with pytest.raises(NotFound):
                enter(world.db, user_id=user, tenant_uuid=globex)
        with pytest.raises(NotFound):
            deputies.of(world.db, deputy.member, world.globex.uuid)
        assert tenants.in_app(world.db, world.app.id, world.globex.uuid) is None

    def test_writes_down_who_did_it_and_no_name(self, world: World, deputy: Deputy) -> None:
        erased(world, deputy)

        line = world.db.scalars(select(AuditEntry)).one()
        assert (line.action, line.subject) == ("tenant.deleted", str(world.globex.uuid))
        assert line.details == {"invoices_kept": 0, "people": 2, "customers_deleted": 0}

    def test_done_again_changes_nothing(self, world: World, deputy: Deputy) -> None:
        typed = "Globex"
        erased(world, deputy)
        before = whole(world, "")
        world.db.commit()

        world.db.refresh(deputy.tenant)
        erase(world, deputy, deputy.tenant.name)
        world.db.commit()

        assert typed not in before
        assert whole(world, "") == before


class TestDeletingAtTheProviders:
    @pytest.mark.parametrize("method", running_plans.CARDS)
    def test_deletes_the_customers_there_and_leaves_nothing_that_differs(
        self,
        world: World,
        tara: Buyer,
        lived: CheckoutSession,
        database: Database,
        method: str,
    ) -> None:
        running_plans.bought(tara, method)
        running_plans.cancels(tara)
        running_plans.lives_on(tara, "1 month")

        erased(world, at_globex(world), at_providers=True)
        tara.waits("2 minutes")
        tara.sweeps()

        at = {
            row.provider_account.provider: row for row in erasures.customers(world.db, gone(world))
        }
        assert all(row.deleted_at for row in at.values()) and len(at) == 2
        assert states(world) == {"done"}
        for row in at.values():
            provider = tara.site.provider(row.provider_account)
            with pytest.raises(errors.Missing):
                provider.list_payment_methods(str(row.provider_id))
        world.db.commit()
        report = verify.run(database, tara.site)
        assert [one.line for one in report.differences] == []

    def test_goes_on_until_the_provider_answers(
        self, world: World, tara: Buyer, lived: CheckoutSession
    ) -> None:
        erased(world, at_globex(world), at_providers=True)
        away = tara.where(delete_customer=raising(errors.Unavailable("no")))

        away.waits("2 minutes")
        away.sweeps()
        assert states(world) == {"waiting"}
        tara.waits("1 hour")
        tara.sweeps()

        assert states(world) == {"done"}

    def test_is_asked_for_and_only_where_an_account_can_be_reached(
        self, world: World, tara: Buyer, lived: CheckoutSession
    ) -> None:
        world.account("mollie").disconnected_at = clock.wall()
        world.db.commit()

        erased(world, at_globex(world), at_providers=True)

        (act,) = tara.rows(Act, Act.kind == "delete_customer")
        assert act.provider_account_id == world.account("stripe").id

    def test_is_not_done_unasked(self, world: World, tara: Buyer, lived: CheckoutSession) -> None:
        erased(world, at_globex(world))

        assert states(world) == set()


def gone(world: World) -> Tenant:
    return erasures.find(world.db, at_globex_deleted(world), world.globex.uuid)


def states(world: World) -> set[str]:
    """Answer how far the deletions at the providers are."""
    known = erasures.customers(world.db, gone(world))
    found = set(erasures.deletions(world.db, known).values())
    world.db.commit()
    return found


class TestDeletingIsRefused:
    @pytest.mark.parametrize("status", ["active", "past_due", "canceling", "incomplete"])
    def test_while_a_plan_runs(self, world: World, deputy: Deputy, status: str) -> None:
        world.begin_plan(world.globex, status=status)

        with pytest.raises(Conflict, match="has a plan that runs"):
            erased(world, deputy)

        assert erasures.consider(world.db, deputy).has_plan

    def test_while_a_purchase_is_open(self, world: World, tara: Buyer, deputy: Deputy) -> None:
        tara.buys("onboarding", None, quantity=1)

        with pytest.raises(Conflict, match="on its way"):
            erased(world, deputy)

        assert world.db.get_one(Tenant, world.globex.id).name == "Globex"

    def test_while_a_person_has_to_look(
        self, world: World, lived: CheckoutSession, deputy: Deputy
    ) -> None:
        lived.state, lived.review = "needs_review", "amount"
        world.db.commit()

        assert erasures.consider(world.db, deputy).has_money_on_its_way

    def test_for_another_name(self, world: World, deputy: Deputy) -> None:
        with pytest.raises(Invalid, match="exactly") as refused:
            erase(world, deputy, "globex")

        assert refused.value.field == "name"

    def test_to_support(self, world: World, deputy: Deputy) -> None:
        deputy.member.role = "support"

        with pytest.raises(NotAllowed):
            erase(world, deputy)

    def test_not_once_the_plan_has_ended(self, world: World, deputy: Deputy) -> None:
        world.begin_plan(world.globex, status="canceled")

        erased(world, deputy)

        (plan,) = world.db.scalars(select(Subscription))
        assert plan.cancel_reason is None


class TestTheTables:
    def test_that_point_at_people_are_all_thought_of(self) -> None:
        pointing = {
            table.name
            for table in Base.metadata.sorted_tables
            for key in table.foreign_keys
            if key.column.table.name in ("tenant", "user")
        }

        assert pointing == POINTING


def at_globex_deleted(world: World) -> AppMember:
    return world.db.scalars(select(AppMember).where(AppMember.user_id == world.alice.id)).one()


def tara_of(world: World) -> str:
    """Answer the address Tara has now."""
    return str(world.db.scalar(select(User.email).where(User.id == world.tara.id)))


def whole(world: World, name: str) -> list[str]:
    """Answer every row that holds a name, with everything in it."""
    found = [
        f"{table.name} {dict(row)}"
        for table in Base.metadata.sorted_tables
        for row in world.db.execute(select(table).order_by(table.c.id)).mappings()
    ]
    world.db.commit()
    return [row for row in found if name in row.casefold()]

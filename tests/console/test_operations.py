"""The pages of operations: found, read, looked at again, and acted on by those who may."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.billing.operations import owner_refunds
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.billing.truth import events
from app.models import (
    AppMember,
    AuditEntry,
    CheckoutSession,
    Invoice,
    Payment,
    ProviderEvent,
    Refund,
    Subscription,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from app.models.invoice import LISTED_AS
from app.money import Money
from app.providers import base, errors
from tests import payer
from tests.billing.purchases import Buyer, knock, raising
from tests.cast import World
from tests.pages import Page, Visitor


@pytest.fixture
def here(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/operations"


def one(db: Session, model: Any) -> Any:
    found = db.scalars(select(model).execution_options(populate_existing=True)).one()
    db.commit()
    return found


def uuid_of(db: Session, model: Any) -> Any:
    return one(db, model).uuid


def bought(buyer: Buyer, method: str = "stripe-card", *what: str | None) -> None:
    placed = buyer.buys(*(what or ("team", "month")), method=method)  # type: ignore[arg-type]
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url))
    # Stripe's invoices lie deeper than the checkout's answer.
    buyer.sweeps()


def in_doubt(buyer: Buyer, method: str = "mollie-card") -> UUID:
    placed = buyer.buys(method=method)
    buyer.sandbox.fault("wrong_amount", provider=method.partition("-")[0])
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url))
    return placed.checkout_uuid


def becomes_support(db: Session) -> None:
    db.execute(update(AppMember).values(role="support"))
    db.commit()


def follows(visitor: Visitor, page: Page) -> Page:
    assert page.status == 303, (page.status, page.text[:3000])
    return visitor.opens(page.location)


class TestTheSupportQuestion:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_is_answered_in_three_clicks(
        self, alice: Visitor, buyer: Buyer, here: str, method: str
    ) -> None:
        """“I paid and see nothing”: the provider's call was lost."""
        placed = buyer.buys(method=method)
        assert placed.url is not None
        payer.pays(placed.url)

        assert alice.opens(here).has("console-operations-search")
        found = follows(alice, alice.opens(f"{here}/search?q=tara@globex.example"))
        assert found.heading == "Billing of Globex"
        assert "asks the provider about the purchase again" in found.words(
            "console-operations-next-check"
        )
        assert "Checkout opened" in found.words("console-operations-timeline")
        assert "by tara@globex.example" in found.words("console-operations-timeline")
        looked = follows(alice, alice.posts(f"{here}/tenants/{buyer.world.globex.uuid}/look"))

        assert "What is new: " in looked.words() and "Plan active" in looked.words()
        assert "by alice@acme.example" in looked.words("console-operations-timeline")
        again = follows(alice, alice.posts(f"{here}/tenants/{buyer.world.globex.uuid}/look"))
        assert "nothing has changed" in again.words()


class TestTheSearch:
    def test_lists_several_hits_in_groups(self, alice: Visitor, buyer: Buyer, here: str) -> None:
        bought(buyer, "mollie-card")
        payment = one(buyer.db, Payment)

        page = alice.opens(f"{here}/search?q={payment.provider_id}")

        assert page.status == 200
        assert {"Checkouts", "Payments"} <= {h.text for h in page.all("h2")}

    def test_says_so_where_nothing_is_found(self, alice: Visitor, here: str) -> None:
        page = alice.opens(f"{here}/search?q=<b>nothing</b>")

        assert "“<b>nothing</b>”" in page.words("console-operations-nothing")


class TestThePages:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_say_all_that_is_known(
        self, alice: Visitor, buyer: Buyer, here: str, method: str
    ) -> None:
        bought(buyer, method)
        plan, checkout = one(buyer.db, Subscription), one(buyer.db, CheckoutSession)
        payment, invoice = one(buyer.db, Payment), one(buyer.db, Invoice)

        shown = {
            kind: alice.opens(f"{here}/{kind}/{row.uuid}")
            for kind, row in (
                ("checkouts", checkout),
                ("subscriptions", plan),
                ("payments", payment),
                ("invoices", invoice),
            )
        }

        for kind, row in (("checkouts", checkout), ("subscriptions", plan), ("payments", payment)):
            words = shown[kind].words()
            assert row.provider_id in words and "Globex" in words
            assert "Plan active" in shown[kind].words("console-operations-timeline")
        assert "What will happen if nobody does anything" in shown["subscriptions"].words()
        assert invoice.shown_number in shown["invoices"].heading
        assert "Visa ending 4242" in shown["payments"].words()

    @pytest.mark.parametrize("kind", ["checkouts", "subscriptions", "payments", "invoices"])
    def test_look_again_and_say_what_came_of_it(
        self, alice: Visitor, buyer: Buyer, here: str, kind: str
    ) -> None:
        bought(buyer, "mollie-card")
        model = {
            "checkouts": CheckoutSession,
            "subscriptions": Subscription,
            "payments": Payment,
            "invoices": Invoice,
        }[kind]
        path = f"{here}/{kind}/{uuid_of(buyer.db, model)}"

        nothing = follows(alice, alice.posts(f"{path}/look"))
        buyer.sandbox.refund(one(buyer.db, Payment).provider_id, 100)
        buyer.waits("3 days")
        news = follows(alice, alice.posts(f"{path}/look"))

        assert "nothing has changed" in nothing.words()
        assert "What is new: Payment given back: €1.00" in news.words()

    def test_say_what_the_provider_refused_and_what_to_do(
        self, alice: Visitor, buyer: Buyer, here: str
    ) -> None:
        bought(buyer)
        refusing = buyer.where(refund=raising(errors.Refused("insufficient funds")))
        payment = one(buyer.db, Payment)
        owner = buyer.db.scalars(
            select(AppMember).options(joinedload(AppMember.app), joinedload(AppMember.user))
        ).one()
        state = owner_refunds.give(
            buyer.db,
            refusing.site,
            owner,
            payment.uuid,
            amount=Money(500, "EUR"),
            reason="They asked",
            request_uuid=uuid4(),
        )
        buyer.db.commit()

        page = alice.opens(f"{here}/payments/{payment.uuid}")

        assert state == "failed"
        assert "Give money back: €5.00" in page.words()
        assert "The provider said: Refused: insufficient funds" in page.words()
        assert "Look at the provider whether the account holds enough" in page.words()


class TestTheLists:
    def test_narrow_and_lead_on_page_by_page(
        self, alice: Visitor, world: World, db: Session, here: str
    ) -> None:
        account, now = world.account("mollie"), clock.wall()
        for number in range(30):
            db.add(
                Payment(
                    app_id=world.app.id,
                    tenant_id=(world.globex if number % 2 else world.initech).id,
                    provider_account_id=account.id,
                    provider_id=f"tr_{number}",
                    livemode=False,
                    status="failed" if number == 7 else "paid",
                    amount=100 + number,
                    currency="EUR",
                    attempted_at=now - timedelta(days=30 - number),
                )
            )
        db.commit()
        day = (now - timedelta(days=10)).date()

        first = alice.opens(f"{here}/payments")
        older = next(a.get("href", "") for a in first.all("a") if a.get("rel") == "next")
        second = alice.opens(older)
        failed = alice.opens(f"{here}/payments?state=failed")
        of_tenant = alice.opens(f"{here}/payments?tenant={world.globex.uuid}&state=")
        recent = alice.opens(f"{here}/payments?since={day}&until={day}&mode=test")

        assert [cells(page) for page in (first, second)] == [25, 5]
        assert "tr_29" in first.words() and "tr_0" in second.words()
        assert (cells(failed), "tr_7" in failed.words()) == (1, True)
        assert cells(of_tenant) == 15 and "Only of Globex." in of_tenant.words()
        assert (cells(recent), "tr_20" in recent.words()) == (1, True)
        for empty in ("provider=stripe", "mode=live", f"until={date(2020, 1, 1)}"):
            assert "Nothing fits." in alice.opens(f"{here}/payments?{empty}").words()

    def test_are_there_for_every_kind(self, alice: Visitor, buyer: Buyer, here: str) -> None:
        bought(buyer)
        for kind in ("checkouts", "subscriptions", "payments", "invoices"):
            assert cells(alice.opens(f"{here}/{kind}")) == 1, kind
            for name in ("state=nonsense", "before=nonsense", "since=nonsense&until=9999-12-31"):
                assert cells(alice.opens(f"{here}/{kind}?{name}")) == 1, (kind, name)


class TestTheListsOfMoney:
    def test_are_narrowed_by_what_their_lines_say(
        self, alice: Visitor, buyer: Buyer, world: World, here: str
    ) -> None:
        for method in ("mollie-card", "mollie-card", "mollie-card", "stripe-card"):
            bought(buyer, method, "onboarding", None)
        kept, in_part, whole, back = (payment.id for payment in buyer.rows(Payment))
        gives_back(alice, buyer, here, in_part, "10")
        gives_back(alice, buyer, here, whole, None)
        buyer.waits("3 days")
        buyer.sweeps()
        disputed = buyer.db.get_one(Payment, back).provider_id
        buyer.db.commit()
        buyer.sandbox.charge_back(disputed)
        knock(buyer, disputed, event_id="evt_dispute")
        sweep.process_events(buyer.db, buyer.site)

        said = {state: words_of(alice, here, f"state={state}") for state in LISTED_AS}

        assert {state: words for state, words in said.items() if words} == {
            "paid": ["Paid"],
            "partly_refunded": ["Partly given back"],
            "refunded": ["Given back"],
            "charged_back": ["Charged back"],
            "credit_note": ["Credit note"] * 2,
        }
        assert sorted(words_of(alice, here, "")) == sorted(sum(said.values(), []))
        options = alice.opens(f"{here}/invoices").all("option")
        assert {"Paid", "Charged back", "Credit note"} < {option.text for option in options}
        payments = {
            state: words_of(alice, here, f"state={state}", "payments")
            for state in ("paid", "partly_refunded", "refunded", "charged_back", "failed")
        }
        assert [len(words) for words in payments.values()] == [1, 1, 1, 1, 0]
        assert payments["paid"] == ["Paid"] and payments["charged_back"] == ["Charged back"]
        assert payments["refunded"] + payments["partly_refunded"] == [
            "Given back",
            "Partly given back",
        ]
        of_globex = f"state=refunded&tenant={world.globex.uuid}&provider=mollie&mode=test"
        assert words_of(alice, here, of_globex) == ["Given back"]
        assert words_of(alice, here, f"{of_globex}&since=2020-01-01&until=2020-01-02") == []
        assert words_of(alice, here, "state=charged_back&provider=mollie") == []


def gives_back(alice: Visitor, buyer: Buyer, here: str, payment: int, amount: str | None) -> None:
    """Give a payment back, all of it where no amount is named."""
    path = f"{here}/payments/{buyer.db.get_one(Payment, payment).uuid}/refund"
    buyer.db.commit()
    form = alice.opens(path).fields(path)
    changed = {"amount": amount} if amount else {}
    confirm = alice.posts(path, {**form, **changed, "reason": "Too much"})
    assert alice.posts(path, confirm.fields(path)).status == 303


def words_of(alice: Visitor, here: str, query: str, kind: str = "invoices") -> list[str]:
    """Answer what the lines of a list say of their state."""
    page = alice.opens(f"{here}/{kind}?{query}")
    rows = [row for body in page.all("tbody") for row in body.iter("tr")]
    return [" ".join("".join(list(row.iter("td"))[4].itertext()).split()) for row in rows]


def cells(page: Page) -> int:
    """Answer how many rows a page's list has."""
    return sum(len(list(body.iter("tr"))) for body in page.all("tbody"))


class TestRefunding:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_asks_how_much_and_confirms_and_does_it_once(
        self, alice: Visitor, buyer: Buyer, here: str, method: str
    ) -> None:
        bought(buyer, method)
        payment = uuid_of(buyer.db, Payment)
        path = f"{here}/payments/{payment}/refund"

        form = alice.opens(path).fields(path)
        confirm = alice.posts(path, {**form, "amount": "12,50", "reason": "Too much"})
        assert confirm.heading == "Give €12.50 back?"
        pressed = confirm.fields(path)
        done = [alice.posts(path, pressed) for _ in range(2)]

        assert [page.status for page in done] == [303, 303]
        (refund,) = buyer.rows(Refund)
        assert refund.amount == 1250
        page = alice.opens(done[0].location)
        assert "€12.50 goes back" in page.words()
        assert "by alice@acme.example" in page.words("console-operations-timeline")
        assert [entry.action for entry in buyer.rows(AuditEntry)] == ["payment.refunded"]

    def test_says_what_is_wrong_with_an_amount(
        self, alice: Visitor, buyer: Buyer, here: str
    ) -> None:
        bought(buyer)
        path = f"{here}/payments/{uuid_of(buyer.db, Payment)}/refund"
        problems = {
            "": "Enter an amount.",
            "0": "Enter an amount above zero.",
            "-1": "Enter an amount above zero.",
            "nan": "Enter an amount in EUR, such as 12.50.",
            "1e9": "Enter an amount of at most €45.22: so much is left of the payment.",
            "12.345": "Enter an amount in EUR, such as 12.50.",
            "99999": "Enter an amount of at most €45.22: so much is left of the payment.",
            "x": "Enter an amount in EUR, such as 12.50.",
        }

        for amount, problem in problems.items():
            page = alice.posts(path, {"amount": amount, "reason": "Why not"})

            assert (page.status, page.problems) == (422, [problem]), amount
        buyer.db.execute(update(Payment).values(refunded=4522))
        buyer.db.commit()
        nothing = alice.posts(path, {"amount": "1", "reason": "Why not"})
        assert nothing.problems == ["Nothing is left of the payment that could be given back."]
        assert buyer.rows(Refund) == []

    def test_is_not_for_support(self, alice: Visitor, buyer: Buyer, here: str) -> None:
        bought(buyer)
        payment, plan = uuid_of(buyer.db, Payment), uuid_of(buyer.db, Subscription)
        becomes_support(buyer.db)

        for path in (f"{here}/payments/{payment}/refund", f"{here}/subscriptions/{plan}/cancel"):
            assert alice.opens(path).status == alice.posts(path).status == 403
        assert not alice.opens(f"{here}/payments/{payment}").has("console-operations-refund")
        assert not alice.opens(f"{here}/subscriptions/{plan}").has("console-operations-cancel")


class TestEndingAPlan:
    @pytest.mark.parametrize(("when", "status"), [("now", "canceled"), ("period_end", "canceling")])
    def test_says_what_came_of_it(
        self, alice: Visitor, buyer: Buyer, here: str, when: str, status: str
    ) -> None:
        bought(buyer)
        path = f"{here}/subscriptions/{uuid_of(buyer.db, Subscription)}"

        page = follows(alice, alice.posts(f"{path}/cancel", {"when": when, "reason": "Left us"}))

        assert page.at("console-operations-state").get("data-status") == status
        assert "Left us" in page.words()
        assert "by alice@acme.example" in page.words("console-operations-timeline")

    def test_asks_when(self, alice: Visitor, buyer: Buyer, here: str) -> None:
        bought(buyer)
        path = f"{here}/subscriptions/{uuid_of(buyer.db, Subscription)}/cancel"

        page = alice.posts(path, {"reason": "x"})

        assert (page.status, page.problems) == (422, ["Choose when the plan ends."])
        assert alice.opens(path).heading == "End Team, monthly of Globex?"


class TestTheReviewQueue:
    def test_leads_from_the_queue_to_a_decision(
        self, alice: Visitor, buyer: Buyer, here: str
    ) -> None:
        checkout = in_doubt(buyer)

        queue = alice.opens(f"{here}/reviews")
        assert "Globex" in queue.words() and "another amount" in queue.words()
        path = f"{here}/reviews/{checkout}"
        assert alice.opens(path).has("console-operations-accept")
        empty = alice.posts(path, {"act": "accept", "reason": ""})
        assert empty.problems == ["Write why, for those who look at this later."]
        page = follows(alice, alice.posts(path, {"act": "accept", "reason": "It is fine"}))

        assert page.at("console-operations-state").get("data-status") == "complete"
        assert "It is fine" in page.words()
        assert "None. What Portico" in alice.opens(f"{here}/reviews").words()
        assert not alice.opens(path).has("console-operations-accept")

    def test_gives_back(self, alice: Visitor, buyer: Buyer, here: str) -> None:
        path = f"{here}/reviews/{in_doubt(buyer, 'stripe-card')}"

        page = follows(alice, alice.posts(path, {"act": "give_back", "reason": "Wrong amount"}))

        assert page.at("console-operations-state").get("data-status") == "refunded"

    def test_says_why_it_cannot_be_accepted(
        self, alice: Visitor, buyer: Buyer, here: str, world: World
    ) -> None:
        path = f"{here}/reviews/{in_doubt(buyer)}"
        world.begin_plan(world.globex)

        page = alice.posts(path, {"act": "accept", "reason": "It is fine"})

        assert page.status == 409
        assert "Team runs for this company already" in page.problems[0]

    def test_is_shown_to_support_and_decided_by_owners(
        self, alice: Visitor, buyer: Buyer, here: str
    ) -> None:
        path = f"{here}/reviews/{in_doubt(buyer)}"
        becomes_support(buyer.db)

        assert "Only an owner of Acme Notes" in alice.opens(path).words()
        assert alice.posts(path, {"act": "accept", "reason": "x"}).status == 403


class TestProviderEvents:
    def test_are_listed_shown_without_secrets_and_replayed(
        self, alice: Visitor, buyer: Buyer, here: str, world: World, site: Site
    ) -> None:
        bought(buyer)
        checkout = one(buyer.db, CheckoutSession)
        payload = (
            '{"id": "evt_77", "data": {"client_secret": "cs_1_secret_9", "note":'
            ' "whsec_abcdefgh1234"}}'
        )
        told = base.ProviderEvent(
            type="checkout.session.completed",
            object_id=checkout.provider_id,
            provider_event_id="evt_77",
        )
        account = world.account("stripe").id
        events.receive(buyer.db, account, told, payload=payload, now=site.clock.now())
        event = buyer.rows(ProviderEvent)[-1]

        listed = alice.opens(f"{here}/events?state=received")
        page = alice.opens(f"{here}/events/{event.uuid}")
        replayed = follows(alice, alice.posts(f"{here}/events/{event.uuid}/replay"))

        assert "checkout.session.completed" in listed.words()
        assert "evt_77" in page.words() and "Checkout" in page.words()
        assert "secret_9" not in page.text and "whsec_abcdefgh1234" not in page.text
        assert replayed.at("console-operations-state").get("data-status") == "done"
        assert cells(alice.opens(f"{here}/events?state=failed")) == 0
        assert follows(alice, alice.opens(f"{here}/search?q=evt_77")).status == 200


class TestDeliveries:
    def test_are_listed_shown_and_sent_again(
        self, alice: Visitor, world: World, db: Session, site: Site, here: str
    ) -> None:
        endpoint = WebhookEndpoint(
            app_id=world.app.id,
            url="https://app.example.com/hooks",
            sealed_secret=site.vault.seal("whsec_c2VjcmV0"),
        )
        event = WebhookEvent(
            effect="test:1",
            app_id=world.app.id,
            tenant_id=world.globex.id,
            lane=1,
            livemode=False,
            type="checkout.completed",
            payload={"checkout": "x"},
            at=clock.wall(),
            is_handed_out=True,
        )
        delivery = WebhookDelivery(
            event=event, endpoint=endpoint, lane=1, state="failed", tries_left=0
        )
        db.add(delivery)
        db.commit()

        listed = alice.opens(f"{here}/deliveries?state=failed")
        page = alice.opens(f"{here}/deliveries/{delivery.uuid}")
        again = follows(alice, alice.posts(f"{here}/deliveries/{delivery.uuid}/resend"))

        assert "checkout.completed" in listed.words()
        assert '"checkout": "x"' in page.text.replace("&#34;", '"')
        assert "whsec_" not in page.text
        assert again.at("console-operations-state").get("data-status") == "waiting"
        assert cells(alice.opens(f"{here}/deliveries?state=delivered")) == 0
        assert follows(alice, alice.opens(f"{here}/search?q={event.uuid}")).status == 200


class TestHealthAndMoney:
    def test_health_says_what_waits(self, alice: Visitor, buyer: Buyer, here: str) -> None:
        in_doubt(buyer)

        page = alice.opens(f"{here}/health")

        assert "Stripe, test" in page.words() and "Mollie, test" in page.words()
        assert "Payments that need you Decide them in the review queue. 1" in page.words()

    def test_money_says_what_comes_each_month(
        self, alice: Visitor, buyer: Buyer, here: str
    ) -> None:
        assert "Nothing has been sold yet." in alice.opens(f"{here}/money").words()
        bought(buyer)

        page = alice.opens(f"{here}/money")

        assert page.words("console-operations-mrr-eur") == "€38.00 every month, from 1 plan"
        assert len([e for e in page.all("*") if e.tag.endswith("}rect")]) == 12
        assert "Monthly recurring revenue in EUR" in page.words()


class TestEverything:
    def test_is_another_apps_nothing(
        self, alice: Visitor, tara: Visitor, buyer: Buyer, here: str, world: World
    ) -> None:
        bought(buyer)
        for path in ("", "/search?q=x", "/checkouts", "/reviews", "/events", "/health", "/money"):
            assert tara.opens(here + path).status == 404
        for kind in ("checkouts", "subscriptions", "payments", "invoices", "tenants", "events"):
            assert alice.opens(f"{here}/{kind}/{UUID(int=1)}").status == 404

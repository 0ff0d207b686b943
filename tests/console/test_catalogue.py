"""The pages of the catalogue: what an owner does there, and what others see of it."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Price, Product, TaxRate
from tests.cast import World
from tests.pages import Page, Visitor
from tests.sandbox_server import SandboxServer


@pytest.fixture
def home(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/catalogue"


PRICE = {
    "amount": "25.50",
    "currency": "EUR",
    "interval": "month",
    "tax_behavior": "exclusive",
    "trial_days": "0",
    "max_quantity": "20",
}


def product_of(db: Session, slug: str) -> UUID:
    found = db.scalars(select(Product.uuid).where(Product.slug == slug)).one()
    db.commit()
    return found


def price_of(world: World, slug: str = "team") -> UUID:
    found = world.price(slug).uuid
    world.db.commit()
    return found


def count(db: Session, model: type[Price] | type[Product] | type[TaxRate]) -> int:
    found = db.scalar(select(func.count()).select_from(model)) or 0
    db.commit()
    return found


def linked(page: Page) -> set[str]:
    return {link.get("href", "") for link in page.all("a")}


class TestProducts:
    def test_are_added_with_a_price_and_stand_on_the_plans_page(
        self, alice: Visitor, tara: Visitor, home: str, world: World, db: Session
    ) -> None:
        typed = {"name": "Studio", "features": "Tables\nBills", "position": "9"}
        added = alice.posts(f"{home}/products/new", typed)
        without = alice.opens(home)

        priced = alice.posts(added.location, PRICE)

        assert (added.status, priced.status) == (303, 303)
        assert "No price yet" in without.words()
        shown = alice.opens(priced.location)
        assert shown.heading == "Studio"
        assert "€25.50 every month" in shown.words()
        assert "Sold by Card, SEPA Direct Debit." in shown.words()
        plans = tara.opens(f"/t/{world.globex.uuid}/plans")
        assert plans.has("plan-studio") and "€25.50" in plans.words()

    def test_are_listed_with_where_they_are_sold(self, alice: Visitor, home: str) -> None:
        page = alice.opens(home)

        assert page.heading == "Products"
        assert "€19.00 every month" in page.words() and "Mollie" in page.words()
        assert "Archived products" in alice.opens(f"{home}?archived").heading

    def test_lead_to_every_page_about_them(
        self, alice: Visitor, home: str, world: World, db: Session
    ) -> None:
        account = world.account("stripe").uuid
        paths = [home, f"{home}/products/{product_of(db, 'team')}", f"{home}/tax"]
        paths += [f"{home}/providers", f"{home}/providers/{account}/push"]

        links = {link for path in paths for link in linked(alice.opens(path)) if "/" in link}

        assert {link: alice.opens(link).status for link in links if home in link} == {
            link: 200 for link in links if home in link
        }
        assert {link for link in links if "catalogue" in link and home not in link} == set()
        assert any(link.endswith("/edit") for link in links)

    def test_are_edited(self, alice: Visitor, home: str, db: Session) -> None:
        path = f"{home}/products/{product_of(db, 'team')}/edit"
        fields = alice.opens(path).fields(path)

        saved = alice.posts(path, {**fields, "name": "Teams"})

        assert saved.status == 303
        assert alice.opens(saved.location).heading == "Teams"

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("name", "", "Enter the name of the product."),
            ("slug", "team", "Another product of this app is called that in addresses."),
            ("position", "x", "Enter a whole number from 0 to 9,999."),
        ],
    )
    def test_that_are_wrong_say_so_beside_the_field(
        self, alice: Visitor, home: str, db: Session, field: str, value: str, sentence: str
    ) -> None:
        before = count(db, Product)

        page = alice.posts(f"{home}/products/new", {"name": "Studio", field: value})

        assert (page.status, page.problems) == (422, [sentence])
        assert f'href="#{field}"' in page.text
        assert count(db, Product) == before

    def test_are_archived_after_a_question_and_sold_again(
        self, alice: Visitor, tara: Visitor, home: str, world: World, db: Session
    ) -> None:
        path = f"{home}/products/{product_of(db, 'team')}"
        asked = alice.opens(f"{path}/archive")
        plans = f"/t/{world.globex.uuid}/plans"

        alice.posts(f"{path}/archive")
        shown = alice.opens(path).words()
        gone = tara.opens(plans).has("plan-team")
        listed = alice.opens(f"{home}?archived").words()
        alice.posts(f"{path}/restore")

        assert "Plans that run at it go on" in asked.words()
        assert "Not sold: the product is archived." in shown and "Sold by" not in shown
        assert (gone, tara.opens(plans).has("plan-team")) == (False, True)
        assert "Team" in listed


class TestPrices:
    def test_are_changed_by_a_new_one(
        self, alice: Visitor, tara: Visitor, home: str, world: World
    ) -> None:
        path = f"{home}/prices/{price_of(world)}/change"
        asked = alice.opens(path)

        changed = alice.posts(path, {**asked.fields(path), "amount": "21"})
        again = alice.posts(path, {**asked.fields(path), "amount": "22"})

        assert "Now it is €19.00 every month." in asked.words()
        shown = alice.opens(changed.location).words()
        assert "€21.00 every month" in shown and "Archived prices" in shown
        assert again.status == 409 and "archived" in again.problems[0]
        assert "€21" in tara.opens(f"/t/{world.globex.uuid}/plans").words()

    @pytest.mark.parametrize(
        ("changed", "field", "sentence"),
        [
            ({"amount": "12.5", "currency": "JPY"}, "amount", "JPY has no decimals."),
            ({"amount": "1.2345", "currency": "BHD"}, "amount", "BHD has 3 decimals, not more."),
            ({"amount": ""}, "amount", "Enter an amount."),
            ({"currency": ""}, "currency", "Choose a currency."),
            ({"interval": ""}, "interval", "Choose how often it is charged."),
            ({"trial_days": "x"}, "trial_days", "Enter a whole number from 0 to 730."),
        ],
    )
    def test_that_are_wrong_say_so_beside_the_field(
        self,
        alice: Visitor,
        home: str,
        db: Session,
        changed: dict[str, str],
        field: str,
        sentence: str,
    ) -> None:
        path, before = f"{home}/products/{product_of(db, 'team')}/prices/new", count(db, Price)

        page = alice.posts(path, {**PRICE, **changed})

        assert (page.status, page.problems) == (422, [sentence])
        assert f'id="{field}-error"' in page.text
        assert count(db, Price) == before

    def test_are_archived_and_sold_again(
        self, alice: Visitor, home: str, world: World, db: Session
    ) -> None:
        path = f"{home}/prices/{price_of(world)}"

        asked = alice.opens(f"{path}/archive")
        alice.posts(f"{path}/archive")
        archived = alice.opens(f"{home}/products/{product_of(db, 'team')}").words()
        alice.posts(f"{path}/restore")
        restored = alice.opens(f"{home}/products/{product_of(db, 'team')}").words()

        assert asked.heading == "Archive this price?"
        assert "Archived prices" in archived and "Archived prices" not in restored

    def test_tell_which_of_two_stands_on_the_plans_page(
        self, alice: Visitor, home: str, db: Session
    ) -> None:
        path = f"{home}/products/{product_of(db, 'team')}"

        alice.posts(f"{path}/prices/new", PRICE)

        assert alice.opens(path).words().count("a newer price stands there") == 1


class TestTax:
    def test_is_explained_and_tried(self, alice: Visitor, home: str) -> None:
        page = alice.opens(f"{home}/tax?country=NL&vat_number=")
        wrong = alice.opens(f"{home}/tax?country=XX")

        assert "VAT 21 %" in page.words("console-catalogue-decision")
        assert wrong.problems == ["Choose a country from the list."]

    def test_rates_are_added_and_replaced_after_a_question(
        self, alice: Visitor, home: str, world: World, db: Session
    ) -> None:
        path = f"{home}/tax/new"
        typed = {"kind": "country", "country": "DE", "percentage": "16", "name": "MwSt."}

        asked = alice.posts(path, typed)
        unchanged = count(db, TaxRate)
        done = alice.posts(path, {**asked.fields(path), "kind": "country"})

        assert asked.status == 409
        assert "Use this one instead of VAT 19 %" in asked.words()
        assert (done.status, count(db, TaxRate)) == (303, unchanged + 1)
        shown = alice.opens(f"{home}/tax").words()
        assert "MwSt. 16 %" in shown and "Archived" in shown

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"kind": ""}, "Choose what it is for."),
            ({"country": ""}, "Choose a country from the list."),
            ({"percentage": "8.12345"}, "Use at most four decimals."),
        ],
    )
    def test_rates_that_are_wrong_say_so(
        self, alice: Visitor, home: str, db: Session, changed: dict[str, str], sentence: str
    ) -> None:
        before = count(db, TaxRate)
        typed = {"kind": "country", "country": "CH", "percentage": "8.1", **changed}

        page = alice.posts(f"{home}/tax/new", typed)

        assert (page.status, page.problems) == (422, [sentence])
        assert count(db, TaxRate) == before

    def test_warns_where_the_sellers_own_country_has_no_rate(
        self, alice: Visitor, home: str, world: World
    ) -> None:
        (rate,) = [rate.uuid for rate in world.rates() if rate.country == "DE"]
        world.db.commit()
        before = alice.opens(f"{home}/tax").words()

        alice.posts(f"{home}/tax/{rate}/archive")

        warning = "There is no tax rate for Germany"
        assert warning not in before
        assert all(warning in alice.opens(f"{home}{path}").words() for path in ("", "/tax"))


def pushes_all(alice: Visitor, path: str) -> Page:
    """Press until nothing is left, as a slow machine needs more than one press."""
    page = alice.opens(path)
    while page.has("console-catalogue-push"):
        page = alice.opens(alice.posts(path).location)
    return page


class TestAtTheProviders:
    def test_pushes_to_stripe_and_says_why_not_to_mollie(
        self, alice: Visitor, home: str, world: World
    ) -> None:
        stripe, mollie = (world.account(name).uuid for name in ("stripe", "mollie"))
        world.db.commit()
        path = f"{home}/providers/{stripe}/push"
        before = alice.opens(path)

        after = pushes_all(alice, path)

        assert "Will be made" in before.words() and before.has("console-catalogue-push")
        assert "Nothing is missing." in after.words()
        assert "Mollie keeps no catalogue" in alice.opens(f"{home}/providers").words()
        assert alice.opens(f"{home}/providers/{mollie}/push").status == 409

    def test_says_where_a_product_has_its_former_name_and_sends_the_new_one(
        self, alice: Visitor, home: str, world: World, db: Session
    ) -> None:
        product = f"{home}/products/{product_of(db, 'team')}"
        path = f"{home}/providers/{world.account('stripe').uuid}/push"
        db.commit()
        pushes_all(alice, path)
        form = alice.opens(f"{product}/edit").fields(f"{product}/edit")

        alice.posts(f"{product}/edit", {**form, "name": "Teams"})
        behind, due = alice.opens(product), alice.opens(path)
        done = pushes_all(alice, path)

        assert "At Stripe (test) it is still called “Team”. Push the change" in behind.words()
        assert "Teams: new name or description Will be changed" in due.words()
        assert due.words("console-catalogue-push") == "Push 1 to Stripe"
        assert "new name" not in done.words() and "Nothing is missing." in done.words()
        assert "still called" not in alice.opens(product).words()
        alice.posts(f"{product}/edit", {**form, "name": "Teams", "description": "For all."})
        assert "it still has its former description." in alice.opens(product).words()

    def test_shows_each_failure_and_tries_again(
        self, alice: Visitor, home: str, world: World, sandbox: SandboxServer
    ) -> None:
        path = f"{home}/providers/{world.account('stripe').uuid}/push"
        world.db.commit()
        sandbox.fault("500_before", provider="stripe", match="/v1/prices", times=3)

        failed = alice.posts(path)
        sandbox.clear_faults()
        again = alice.posts(path)

        assert failed.status == 409
        assert "Stripe does not answer just now." in failed.words()
        assert again.status == 303

    def test_takes_over_what_is_chosen_once(
        self, alice: Visitor, home: str, world: World, db: Session
    ) -> None:
        account = world.account("stripe").uuid
        db.commit()
        pushes_all(alice, f"{home}/providers/{account}/push")
        path, before = f"{home}/providers/{account}/import", count(db, Price)

        shown = alice.opens(path)
        nothing = alice.posts(path)

        assert "It is here already as Team" in shown.words()
        assert (nothing.status, nothing.words().count("Choose at least one price.")) == (422, 1)
        assert count(db, Price) == before


class TestSupport:
    def test_sees_everything_and_changes_nothing(
        self, support: Visitor, home: str, world: World, db: Session
    ) -> None:
        product, price = product_of(db, "team"), price_of(world)
        account, rate = world.account("stripe").uuid, world.rates()[0].uuid
        db.commit()

        seen = [
            support.opens(f"{home}{path}")
            for path in (
                *("", f"/products/{product}", "/tax", "/providers"),
                f"/providers/{account}/push",
            )
        ]
        refused = [
            *(
                support.opens(f"{home}{path}").status
                for path in ("/products/new", "/tax/new", f"/providers/{account}/import")
            ),
            *(
                support.posts(f"{home}{path}").status
                for path in (
                    *("/products/new", f"/products/{product}/edit", f"/products/{product}/archive"),
                    *(f"/products/{product}/prices/new", f"/products/{product}/restore"),
                    *(f"/prices/{price}/change", f"/prices/{price}/archive"),
                    *(f"/prices/{price}/restore", "/tax/new", f"/tax/{rate}/archive"),
                    *(f"/providers/{account}/push", f"/providers/{account}/import"),
                )
            ),
        ]

        assert {page.status for page in seen} == {200}
        assert set(refused) == {403}
        owners_only = ("/new", "/edit", "/archive", "/change", "/import")
        links = set().union(*map(linked, seen))
        assert not [link for link in links if link.endswith(owners_only)]
        assert not any(page.has("console-catalogue-push") for page in seen)

    def test_does_not_exist_for_tenants_and_other_apps(
        self, tara: Visitor, alice: Visitor, home: str, db: Session
    ) -> None:
        product = product_of(db, "team")

        assert tara.opens(home).status == 404
        assert tara.posts(f"{home}/products/{product}/archive").status == 404
        assert alice.opens(f"{home}/products/{UUID(int=7)}").status == 404

"""The smaller resources, as the SDK meets them; each exchange is held against the contract."""

from __future__ import annotations

import pytest
import stripe

from tests import contracts
from tests.sandbox.shop import Shop


def test_customers_are_found_by_metadata(shop: Shop) -> None:
    wanted = shop.customer(metadata={"tenant": "globex", "mode": "test"})
    shop.customer(metadata={"tenant": "initech", "mode": "test"})
    search = shop.sdk.customers.search

    both = search({"query": "metadata['tenant']:'globex' AND metadata['mode']:'test'"})

    assert [customer.id for customer in both.data] == [wanted]
    assert len(search({"query": "metadata['mode']:'test'"}).data) == 2
    assert len(search({"query": "email~'globex.example' AND -metadata['tenant']:'x'"}).data) == 2
    assert search({"query": "metadata['tenant']:'globex' AND name:'x'"}).data == []
    for query in ("tenant:'globex'", "metadata['tenant']", "email:'a' AND email:'b' OR email:'c'"):
        with pytest.raises(stripe.InvalidRequestError):
            search({"query": query})


def test_customers_are_changed_field_by_field(shop: Shop) -> None:
    id = shop.customer(name="Globex", address={"country": "DE", "city": "Berlin"})

    shop.sdk.customers.update(id, {"name": "Globex GmbH", "phone": "", "metadata": {"a": "1"}})

    changed = shop.sdk.customers.retrieve(id)
    assert (changed.name, changed.phone, changed.address.city) == ("Globex GmbH", None, "Berlin")
    event = shop.sdk.events.list({"type": "customer.updated"}).data[0]
    assert event.data.previous_attributes.to_dict() == {"name": "Globex", "metadata": {}}


def test_lists_go_page_by_page_newest_first(shop: Shop) -> None:
    ids = [shop.customer() for _ in range(7)]

    found = [c.id for c in shop.sdk.customers.list({"limit": 3}).auto_paging_iter()]
    before = shop.sdk.customers.list({"limit": 2, "ending_before": ids[2]})

    assert found == ids[::-1]
    assert [c.id for c in before.data] == [ids[4], ids[3]]


def test_the_catalogue_can_be_read_back(shop: Shop) -> None:
    price = shop.price(lookup_key="team", nickname="Team", tax_behavior="exclusive")
    product = shop.sdk.prices.retrieve(price, {"expand": ["product"]}).product

    assert product.name == "Team"
    assert [p.id for p in shop.sdk.prices.list({"lookup_keys": ["team"]}).data] == [price]
    assert [p.id for p in shop.sdk.prices.list({"recurring": {"interval": "year"}}).data] == []
    assert shop.sdk.products.update(product.id, {"active": False}).active is False
    assert shop.sdk.products.list({"active": True}).data == []
    assert shop.sdk.products.search({"query": "active:'false'"}).data[0].id == product.id
    with pytest.raises(stripe.InvalidRequestError):
        shop.sdk.products.delete(product.id)
    assert shop.sdk.products.delete(shop.product()).deleted
    with pytest.raises(stripe.InvalidRequestError, match="lookup key"):
        shop.price(lookup_key="team")
    moved = shop.price(lookup_key="team", transfer_lookup_key=True)
    assert [p.id for p in shop.sdk.prices.list({"lookup_keys": ["team"]}).data] == [moved]
    with pytest.raises(stripe.InvalidRequestError, match="tax behavior"):
        shop.sdk.prices.update(price, {"tax_behavior": "inclusive"})


def test_tax_rates_can_be_archived(shop: Shop) -> None:
    rate = shop.tax_rate(7.7)

    shop.sdk.tax_rates.update(rate, {"active": False, "description": "old"})

    assert shop.sdk.tax_rates.list({"active": True}).data == []
    old = shop.sdk.tax_rates.retrieve(rate)
    assert (old.percentage, old.active, old.description) == (7.7, False, "old")


def test_refunds_give_back_in_parts(shop: Shop) -> None:
    session = shop.session("payment")
    shop.press(session.url)
    intent = shop.look(session).payment_intent

    first = shop.sdk.refunds.create({"payment_intent": intent, "amount": 300})
    told = shop.events_after(lambda: shop.sdk.refunds.create({"payment_intent": intent}))

    charge = shop.sdk.charges.list({"payment_intent": intent}, {}).data[0]
    assert (first.status, charge.amount_refunded, charge.refunded) == ("succeeded", 1000, True)
    assert told == ["refund.created", "charge.refunded"]
    assert [r.amount for r in shop.sdk.refunds.list({"charge": charge.id}).data] == [700, 300]
    with pytest.raises(stripe.InvalidRequestError) as again:
        shop.sdk.refunds.create({"charge": charge.id, "amount": 1})
    assert again.value.code == "charge_already_refunded"


def test_money_that_has_not_arrived_cannot_be_given_back(shop: Shop) -> None:
    session = shop.session("payment")
    shop.press(session.url, "delay")

    with pytest.raises(stripe.InvalidRequestError):
        shop.sdk.refunds.create({"payment_intent": shop.look(session).payment_intent})


def test_payment_methods_are_attached_and_detached(shop: Shop) -> None:
    customer = shop.customer()
    card = shop.sdk.payment_methods.attach("pm_card_visa", {"customer": customer})
    default = {"invoice_settings": {"default_payment_method": card.id}}
    shop.sdk.customers.update(customer, default)

    assert [m.id for m in shop.sdk.customers.payment_methods.list(customer).data] == [card.id]
    assert shop.sdk.customers.payment_methods.retrieve(customer, card.id).card.brand == "visa"
    shop.sdk.payment_methods.detach(card.id)

    assert shop.sdk.payment_methods.list({"customer": customer}).data == []
    settings = shop.sdk.customers.retrieve(customer).invoice_settings
    assert settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError):
        shop.sdk.payment_methods.attach(card.id, {"customer": customer})


def test_a_method_of_someone_else_is_no_default(shop: Shop) -> None:
    card = shop.sdk.payment_methods.attach("pm_card_visa", {"customer": shop.customer()})

    with pytest.raises(stripe.InvalidRequestError, match="attached"):
        shop.sdk.customers.update(
            shop.customer(), {"invoice_settings": {"default_payment_method": card.id}}
        )


def test_webhook_endpoints_give_their_secret_once(shop: Shop) -> None:
    made = shop.sdk.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/hook", "enabled_events": ["invoice.paid"]}
    )

    kept = shop.sdk.webhook_endpoints.retrieve(made.id)
    off = shop.sdk.webhook_endpoints.update(made.id, {"disabled": True})

    assert made.secret.startswith("whsec_")
    assert "secret" not in kept.to_dict()
    assert off.status == "disabled"
    assert len(shop.sdk.webhook_endpoints.list().data) == 1
    shop.sandbox.reset()
    assert len(shop.sdk.webhook_endpoints.list().data) == 1
    assert shop.sdk.webhook_endpoints.delete(made.id).deleted
    assert shop.sdk.webhook_endpoints.list().data == []


def test_events_are_whole_and_kept_for_thirty_days(shop: Shop) -> None:
    session = shop.session()
    shop.press(session.url)

    found = shop.sdk.events.list({"limit": 100}).data
    by_type = shop.sdk.events.list({"types": ["invoice.paid", "invoice.created"]}).data
    for event in shop.call("GET", "/v1/events?limit=100").json()["data"]:
        contracts.check_object("stripe", "event", event)
        body = event["data"]["object"]
        contracts.check_object("stripe", body["object"], body)

    assert [event.type for event in by_type] == ["invoice.paid", "invoice.created"]
    assert shop.sdk.events.retrieve(found[0].id).type == "checkout.session.completed"
    made = next(e for e in found if e.type == "product.created")
    assert made.request.id.startswith("req_")
    assert found[0].request.id is None
    shop.sandbox.advance("29 days")
    assert shop.sdk.events.list({"type": "product.created"}).data
    shop.sandbox.advance("2 days")
    assert shop.sdk.events.list({"type": "product.created"}).data == []


def test_a_sessions_lines_are_listed(shop: Shop) -> None:
    rate = shop.tax_rate(19.0)
    lines = [{"price": shop.price(n), "quantity": 2, "tax_rates": [rate]} for n in (100, 200)]
    session = shop.session(line_items=lines)

    listed = shop.sdk.checkout.sessions.line_items.list(session.id, {"expand": ["data.taxes"]})
    expanded = shop.look(session, "line_items.data.price.product").line_items.data

    assert [(i.amount_subtotal, i.amount_tax) for i in listed.data] == [(200, 38), (400, 76)]
    assert listed.data[0].taxes[0].rate.id == rate
    assert expanded[1].price.product.name == "Team"


def test_sessions_are_listed_by_status_and_changed_in_metadata(shop: Shop) -> None:
    first, second = shop.session(), shop.session()
    shop.sdk.checkout.sessions.update(first.id, {"metadata": {"a": "1"}})
    shop.sdk.checkout.sessions.expire(second.id)

    assert [s.id for s in shop.sdk.checkout.sessions.list({"status": "open"}).data] == [first.id]
    assert shop.look(first).metadata["a"] == "1"


def test_an_invoice_shows_its_payment_and_its_page(shop: Shop) -> None:
    plan = shop.subscriber()
    invoice = shop.sdk.invoices.retrieve(
        plan.latest_invoice, {"expand": ["payments", "confirmation_secret", "customer"]}
    )

    payments = shop.sdk.invoice_payments.list({"invoice": invoice.id}).data
    lines = shop.sdk.invoices.line_items.list(invoice.id).data
    items = shop.sdk.subscription_items.list({"subscription": plan.id}).data

    assert invoice.number in shop.open(invoice.hosted_invoice_url).text
    assert [p.id for p in payments] == [p.id for p in invoice.payments.data]
    assert invoice.confirmation_secret.client_secret.startswith("pi_")
    assert lines[0].parent.subscription_item_details.subscription_item == items[0].id
    assert shop.sdk.invoice_payments.retrieve(payments[0].id).status == "paid"
    assert shop.sdk.subscription_items.retrieve(items[0].id).quantity == 1


def test_an_open_invoice_can_be_voided(shop: Shop) -> None:
    plan = shop.subscriber(card_number="4000000000000341")
    shop.sandbox.advance("32 days")
    invoice = shop.sdk.subscriptions.retrieve(plan.id).latest_invoice

    assert shop.sdk.invoices.void_invoice(invoice).status == "void"

    with pytest.raises(stripe.InvalidRequestError):
        shop.sdk.invoices.pay(invoice)


def test_intents_and_setups_are_listed_by_customer(shop: Shop) -> None:
    plan = shop.subscriber()
    setup = shop.session("setup", customer=plan.customer)

    [intent] = shop.sdk.payment_intents.list({"customer": plan.customer}).data
    [found] = shop.sdk.setup_intents.list({"customer": plan.customer}).data

    assert shop.sdk.payment_intents.retrieve(intent.id).status == "succeeded"
    assert found.id == setup.setup_intent

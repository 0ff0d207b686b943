"""Prices of a product: adding one, putting another in its place, archiving."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.billing.catalogue import price_settings, product_settings
from app.billing.errors import BillingError, Conflict, Invalid
from app.console import guard, price_form
from app.console.price_form import ChangedPriceForm, PriceForm
from app.models import AppMember, Price, Product
from app.web import errors, languages, sessions

prices = Blueprint("prices", __name__)

_HOME = "/console/apps/<uuid:app>/catalogue"


@prices.get(f"{_HOME}/products/<uuid:product>/prices/new")
@guard.of_app(owner=True)
def ask(member: AppMember, product: UUID) -> str:
    found = product_settings.find(sessions.db(), member.app, product)
    return _form(member, PriceForm(trial_days="0", max_quantity="1000"), found)


@prices.post(f"{_HOME}/products/<uuid:product>/prices/new")
@guard.of_app(owner=True)
def add(member: AppMember, product: UUID) -> Response | tuple[str, int]:
    db, form = sessions.db(), PriceForm.posted()
    if not form.validate():
        return _form(member, form, product_settings.find(db, member.app, product)), 422
    try:
        price_settings.add(db, member, product, form.settings(), now=clock.wall())
    except (Invalid, Conflict) as error:
        db.rollback()
        form.blame(error)
        found = product_settings.find(db, member.app, product)
        return _form(member, form, found), errors.status_of(error)
    flash(gettext("The price is added and sold from now on."))
    return _to(member, product)


@prices.get(f"{_HOME}/prices/<uuid:price>/change")
@guard.of_app(owner=True)
def change(member: AppMember, price: UUID) -> str:
    found = price_settings.find(sessions.db(), member.app, price)
    form = ChangedPriceForm(obj=price_settings.of(found, languages.tag()))
    return _form(member, form, found.product, found)


@prices.post(f"{_HOME}/prices/<uuid:price>/change")
@guard.of_app(owner=True)
def replace(member: AppMember, price: UUID) -> Response | tuple[str, int]:
    db, form = sessions.db(), ChangedPriceForm.posted()
    found = price_settings.find(db, member.app, price)
    if not form.validate():
        return _form(member, form, found.product, found), 422
    try:
        price_settings.replace(db, member, price, form.settings(), now=clock.wall())
    except (Invalid, Conflict) as error:
        return _blamed(member, form, price, error)
    flash(gettext("The new price is sold from now on. Plans that run keep theirs."))
    return _to(member, found.product.uuid)


@prices.get(f"{_HOME}/prices/<uuid:price>/archive")
@guard.of_app(owner=True)
def confirm(member: AppMember, price: UUID) -> str:
    found = price_settings.find(sessions.db(), member.app, price)
    return render_template(
        "console/catalogue/archive.html", member=member, product=found.product, price=found
    )


@prices.post(f"{_HOME}/prices/<uuid:price>/archive")
@guard.of_app(owner=True)
def archive(member: AppMember, price: UUID) -> Response:
    found = price_settings.archive(sessions.db(), member, price, now=clock.wall())
    flash(gettext("The price is archived: nobody can buy at it any more."))
    return _to(member, found.product.uuid)


@prices.post(f"{_HOME}/prices/<uuid:price>/restore")
@guard.of_app(owner=True)
def restore(member: AppMember, price: UUID) -> Response:
    found = price_settings.restore(sessions.db(), member, price, now=clock.wall())
    flash(gettext("The price is sold again."))
    return _to(member, found.product.uuid)


def _blamed(
    member: AppMember, form: PriceForm, price: UUID, error: BillingError
) -> tuple[str, int]:
    db = sessions.db()
    db.rollback()
    form.blame(error)
    found = price_settings.find(db, member.app, price)
    return _form(member, form, found.product, found), errors.status_of(error)


def _to(member: AppMember, product: UUID) -> Response:
    return redirect(url_for("catalogue.show", app=member.app.uuid, product=product), 303)


def _form(member: AppMember, form: PriceForm, product: Product, price: Price | None = None) -> str:
    return render_template(
        "console/catalogue/price.html",
        member=member,
        form=form,
        product=product,
        price=price,
        currencies=price_form.currencies(languages.tag()),
        intervals=price_form.INTERVALS,
        behaviors=price_form.BEHAVIORS,
    )

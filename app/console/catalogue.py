"""The catalogue: what an app sells, and a page for each product."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.billing.catalogue import outlets, product_settings, provider_products
from app.billing.catalogue.product_settings import ProductSettings
from app.billing.errors import Invalid
from app.billing.tax import tax_settings, taxes
from app.console import guard, plan_preview
from app.console.product_form import ProductForm
from app.models import AppMember, Price, Product
from app.web import forms, sessions

catalogue = Blueprint("catalogue", __name__)

_AT_ONCE = 50
_HOME = "/console/apps/<uuid:app>/catalogue"


@catalogue.get(_HOME)
@guard.of_app()
def index(member: AppMember) -> str:
    db, archived = sessions.db(), "archived" in request.args
    after = forms.whole_number(request.args.get("after"))
    found = product_settings.listed(
        db, member.app, archived=archived, after=after, limit=_AT_ONCE + 1
    )
    shown = list(found)[:_AT_ONCE]
    return render_template(
        "console/catalogue/index.html",
        member=member,
        products=shown,
        archived=archived,
        more=shown[-1].id if len(found) > _AT_ONCE else None,
        outlets=outlets.of(db, sessions.site(), member.app, _sold(shown)),
        accounts=outlets.accounts(db, member.app),
        lacks_own=tax_settings.lacks_own(member.app, taxes.rates(db, member.app_id)),
    )


@catalogue.get(f"{_HOME}/products/new")
@guard.of_app(owner=True)
def ask(member: AppMember) -> str:
    return _form(member, ProductForm(obj=ProductSettings(name="")), None)


@catalogue.post(f"{_HOME}/products/new")
@guard.of_app(owner=True)
def add(member: AppMember) -> Response | tuple[str, int]:
    form = ProductForm.posted()
    if not form.validate():
        return _form(member, form, None), 422
    try:
        product = product_settings.add(sessions.db(), member, form.settings(), now=clock.wall())
    except Invalid as error:
        sessions.db().rollback()
        form.blame(error)
        return _form(member, form, None), 422
    flash(gettext("%(product)s is there. It is sold once it has a price.", product=product.name))
    return redirect(url_for("prices.ask", app=member.app.uuid, product=product.uuid), 303)


@catalogue.get(f"{_HOME}/products/<uuid:product>")
@guard.of_app()
def show(member: AppMember, product: UUID) -> str:
    db = sessions.db()
    found = product_settings.find(db, member.app, product)
    return render_template(
        "console/catalogue/product.html",
        member=member,
        product=found,
        outlets=outlets.of(db, sessions.site(), member.app, _sold([found])),
        lacks_own=tax_settings.lacks_own(member.app, taxes.rates(db, member.app_id)),
        former=provider_products.former(db, found),
        offered=plan_preview.newest(found),
        previews=plan_preview.of(found),
    )


@catalogue.get(f"{_HOME}/products/<uuid:product>/edit")
@guard.of_app(owner=True)
def edit(member: AppMember, product: UUID) -> str:
    found = product_settings.find(sessions.db(), member.app, product)
    return _form(member, ProductForm(obj=product_settings.of(found)), found)


@catalogue.post(f"{_HOME}/products/<uuid:product>/edit")
@guard.of_app(owner=True)
def save(member: AppMember, product: UUID) -> Response | tuple[str, int]:
    db, form = sessions.db(), ProductForm.posted()
    if not form.validate():
        return _form(member, form, product_settings.find(db, member.app, product)), 422
    try:
        product_settings.save(db, member, product, form.settings(), now=clock.wall())
    except Invalid as error:
        db.rollback()
        form.blame(error)
        return _form(member, form, product_settings.find(db, member.app, product)), 422
    flash(gettext("The product is saved."))
    return _to(member, product)


@catalogue.get(f"{_HOME}/products/<uuid:product>/archive")
@guard.of_app(owner=True)
def confirm(member: AppMember, product: UUID) -> str:
    found = product_settings.find(sessions.db(), member.app, product)
    return render_template("console/catalogue/archive.html", member=member, product=found)


@catalogue.post(f"{_HOME}/products/<uuid:product>/archive")
@guard.of_app(owner=True)
def archive(member: AppMember, product: UUID) -> Response:
    found = product_settings.archive(sessions.db(), member, product, now=clock.wall())
    flash(gettext("%(product)s is archived: nobody can buy it any more.", product=found.name))
    return _to(member, product)


@catalogue.post(f"{_HOME}/products/<uuid:product>/restore")
@guard.of_app(owner=True)
def restore(member: AppMember, product: UUID) -> Response:
    found = product_settings.restore(sessions.db(), member, product, now=clock.wall())
    flash(gettext("%(product)s is sold again.", product=found.name))
    return _to(member, product)


def _sold(found: list[Product]) -> list[Price]:
    return [price for product in found for price in product.prices if price.archived_at is None]


def _to(member: AppMember, product: UUID) -> Response:
    return redirect(url_for("catalogue.show", app=member.app.uuid, product=product), 303)


def _form(member: AppMember, form: ProductForm, product: Product | None) -> str:
    return render_template(
        "console/catalogue/edit.html",
        member=member,
        form=form,
        product=product,
        is_sold=product is not None and product_settings.is_sold(sessions.db(), product),
    )

"""Tax rates of an app, and what they lead to for a buyer."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.billing.errors import Conflict, Invalid
from app.billing.tax import tax_settings, taxes
from app.billing.tax.taxes import TaxDecision
from app.console import guard
from app.console.rate_form import BuyerForm, RateForm
from app.models import AppMember
from app.web import errors, forms, sessions

tax = Blueprint("tax", __name__)

_AT_ONCE = 50
_HOME = "/console/apps/<uuid:app>/catalogue/tax"


@tax.get(_HOME)
@guard.of_app()
def index(member: AppMember) -> str:
    db, app = sessions.db(), member.app
    form = BuyerForm(request.args)
    decision = _decision(member, form) if "country" in request.args else None
    rates = taxes.rates(db, app.id)
    before = forms.whole_number(request.args.get("before"))
    archived = tax_settings.listed(db, app, before=before, limit=_AT_ONCE + 1)
    return render_template(
        "console/catalogue/tax.html",
        member=member,
        form=form,
        decision=decision,
        rates=rates,
        lacks_own=tax_settings.lacks_own(app, rates),
        archived=archived[:_AT_ONCE],
        older=archived[_AT_ONCE - 1].id if len(archived) > _AT_ONCE else None,
    )


@tax.get(f"{_HOME}/new")
@guard.of_app(owner=True)
def ask(member: AppMember) -> str:
    return _form(member, RateForm(kind="country", country=request.args.get("country") or ""))


@tax.post(f"{_HOME}/new")
@guard.of_app(owner=True)
def add(member: AppMember) -> Response | tuple[str, int]:
    db, form = sessions.db(), RateForm.posted()
    if not form.validate():
        return _form(member, form), 422
    try:
        tax_settings.add(db, member, form.settings(), now=clock.wall())
    except (Invalid, Conflict) as error:
        db.rollback()
        form.blame(error)
        return _form(member, form, wants=error.field == "replaces"), errors.status_of(error)
    flash(gettext("The rate is used for purchases from now on."))
    return redirect(url_for("tax.index", app=member.app.uuid), 303)


@tax.get(f"{_HOME}/<uuid:rate>/archive")
@guard.of_app(owner=True)
def confirm(member: AppMember, rate: UUID) -> str:
    found = tax_settings.find(sessions.db(), member.app, rate)
    return render_template("console/catalogue/archive_rate.html", member=member, rate=found)


@tax.post(f"{_HOME}/<uuid:rate>/archive")
@guard.of_app(owner=True)
def archive(member: AppMember, rate: UUID) -> Response:
    tax_settings.archive(sessions.db(), member, rate, now=clock.wall())
    flash(gettext("The rate is archived: no new purchase bears it."))
    return redirect(url_for("tax.index", app=member.app.uuid), 303)


def _decision(member: AppMember, form: BuyerForm) -> TaxDecision | None:
    if not form.validate():
        return None
    country, number = form.country.data or "", form.vat_number.data
    try:
        return tax_settings.decide(sessions.db(), member.app, country=country, vat_number=number)
    except Invalid as error:
        form.blame(error)
        return None


def _form(member: AppMember, form: RateForm, *, wants: bool = False) -> str:
    """Show the form; with `wants` its button says that another rate gives way."""
    old = tax_settings.in_use(sessions.db(), member.app, form.settings()) if wants else None
    if old is not None:
        form.replaces.data = str(old.uuid)
    return render_template("console/catalogue/rate.html", member=member, form=form, old=old)

"""A tenant's data: handed out as one file, or deleted with everything that names its people."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField

from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.invoicing import invoice_lists
from app.billing.invoicing.invoice_lists import Wanted
from app.billing.tenants import deputies, erasures, tenant_exports
from app.billing.tenants.deputies import Deputy
from app.console import guard
from app.db.engine import Database
from app.models import AppMember
from app.web import errors, forms, invoice_papers, sessions

customer_data = Blueprint("customer_data", __name__)

_TENANT = "/console/apps/<uuid:app>/customers/<uuid:tenant>"


class DeleteForm(forms.Form):
    """The tenant's name, typed as a confirmation, and whether the providers delete it too."""

    at_providers = BooleanField(lazy_gettext("Delete the customers at the payment providers too"))
    name = forms.short_text(
        lazy_gettext("Name of the tenant"), lazy_gettext("Type the name of the tenant.")
    )


@customer_data.post(f"{_TENANT}/export")
@guard.of_app(owner=True)
def export(member: AppMember, tenant: UUID) -> Response:
    deputy = deputies.of(sessions.db(), member, tenant)
    tenant_exports.note(sessions.db(), deputy)
    answer = Response(_pieces(tenant), mimetype="application/json")
    answer.headers.set("Content-Disposition", "attachment", filename=f"tenant-{tenant}.json")
    return answer


@customer_data.get(f"{_TENANT}/delete")
@guard.of_app(owner=True)
def ask(member: AppMember, tenant: UUID) -> BaseResponse:
    try:
        deputy = deputies.of(sessions.db(), member, tenant)
    except NotFound:
        return _to_what_is_kept(member, tenant)
    return make_response(_page(deputy, DeleteForm(at_providers=True)))


@customer_data.post(f"{_TENANT}/delete")
@guard.of_app(owner=True)
def delete(member: AppMember, tenant: UUID) -> BaseResponse:
    db, form = sessions.db(), DeleteForm.posted()
    try:
        deputy = deputies.of(db, member, tenant)
    except NotFound:
        return _to_what_is_kept(member, tenant)
    if not form.validate():
        return make_response(_page(deputy, form), 422)
    try:
        erasures.erase(
            db,
            deputy,
            typed=form.name.data,
            now=sessions.site().clock.now(),
            at_providers=form.at_providers.data,
        )
    except (Invalid, Conflict) as error:
        db.rollback()
        form.blame(error)
        return errors.mark(make_response(_page(deputy, form)), error)
    flash(gettext("The tenant is deleted, and everything that named its people with it."))
    return _to_what_is_kept(member, tenant)


@customer_data.get(f"{_TENANT}/kept")
@guard.of_app(owner=True)
def kept(member: AppMember, tenant: UUID) -> str:
    db = sessions.db()
    deleted = erasures.find(db, member, tenant)
    after = request.args.get("after", type=UUID)
    customers = erasures.customers(db, deleted)
    return render_template(
        "console/customers/kept.html",
        member=member,
        tenant=deleted,
        page=invoice_lists.page(db, deleted, Wanted(), after=after),
        customers=customers,
        deletions=erasures.deletions(db, customers),
    )


@customer_data.get(f"{_TENANT}/kept/<uuid:invoice>.pdf")
@guard.of_app(owner=True)
def paper(member: AppMember, tenant: UUID, invoice: UUID) -> Response:
    deleted = erasures.find(sessions.db(), member, tenant)
    found = invoice_lists.find(sessions.db(), deleted, invoice)
    if not found.is_ours:
        raise NotFound("The payment provider issued this invoice and keeps its PDF.")
    return invoice_papers.answer(found)


def _pieces(tenant: UUID) -> Iterator[str]:
    """The file outlives the request's own session: what is read is sent while it is read."""
    database: Database = current_app.extensions["database"]

    def read() -> Iterator[str]:
        with database.reader() as db:
            yield from tenant_exports.write(db, tenant)

    return read()


def _to_what_is_kept(member: AppMember, tenant: UUID) -> BaseResponse:
    erasures.find(sessions.db(), member, tenant)
    return redirect(url_for("customer_data.kept", app=member.app.uuid, tenant=tenant), 303)


def _page(deputy: Deputy, form: DeleteForm) -> str:
    return render_template(
        "console/customers/delete.html",
        member=deputy.member,
        tenant=deputy.tenant,
        form=form,
        prospect=erasures.consider(sessions.db(), deputy),
    )

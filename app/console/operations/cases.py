"""The page of one checkout, subscription, payment, invoice or tenant, and looking at it again."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.billing.invoicing import tax_sentences
from app.billing.operations import cases, owner_acts, second_looks
from app.billing.operations.second_looks import Looked
from app.billing.site import Site
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember
from app.web import happenings, sessions

_BASE = "/console/apps/<uuid:app>/operations"
Look = Callable[[Session, Site, AppMember, UUID], Looked]


@operations.get(f"{_BASE}/checkouts/<uuid:checkout>")
@guard.of_app()
def checkout(member: AppMember, checkout: UUID) -> str:
    case = cases.checkout(sessions.db(), member.app, checkout, now=sessions.site().clock.now())
    return render_template("console/operations/checkout.html", member=member, case=case)


@operations.get(f"{_BASE}/subscriptions/<uuid:subscription>")
@guard.of_app()
def subscription(member: AppMember, subscription: UUID) -> str:
    now = sessions.site().clock.now()
    case = cases.subscription(sessions.db(), member.app, subscription, now=now)
    return render_template("console/operations/subscription.html", member=member, case=case)


@operations.get(f"{_BASE}/payments/<uuid:payment>")
@guard.of_app()
def payment(member: AppMember, payment: UUID) -> str:
    case = cases.payment(sessions.db(), member.app, payment)
    assert case.payment is not None
    left = owner_acts.refundable(sessions.db(), case.payment)
    return render_template("console/operations/payment.html", member=member, case=case, left=left)


@operations.get(f"{_BASE}/invoices/<uuid:invoice>")
@guard.of_app()
def invoice(member: AppMember, invoice: UUID) -> str:
    case = cases.invoice(sessions.db(), member.app, invoice)
    assert case.invoice is not None
    sentence = tax_sentences.unpack(case.invoice.tax_sentence)
    return render_template(
        "console/operations/invoice.html", member=member, case=case, sentence=sentence
    )


@operations.get(f"{_BASE}/tenants/<uuid:tenant>")
@guard.of_app()
def tenant(member: AppMember, tenant: UUID) -> str:
    case = cases.tenant(sessions.db(), member.app, tenant)
    return render_template("console/operations/tenant.html", member=member, case=case)


@operations.post(f"{_BASE}/checkouts/<uuid:checkout>/look")
@guard.of_app()
def look_at_checkout(member: AppMember, checkout: UUID) -> Response:
    _look(member, second_looks.at_checkout, checkout)
    return redirect(url_for(".checkout", app=member.app.uuid, checkout=checkout), 303)


@operations.post(f"{_BASE}/subscriptions/<uuid:subscription>/look")
@guard.of_app()
def look_at_subscription(member: AppMember, subscription: UUID) -> Response:
    _look(member, second_looks.at_subscription, subscription)
    return redirect(url_for(".subscription", app=member.app.uuid, subscription=subscription), 303)


@operations.post(f"{_BASE}/payments/<uuid:payment>/look")
@guard.of_app()
def look_at_payment(member: AppMember, payment: UUID) -> Response:
    _look(member, second_looks.at_payment, payment)
    return redirect(url_for(".payment", app=member.app.uuid, payment=payment), 303)


@operations.post(f"{_BASE}/invoices/<uuid:invoice>/look")
@guard.of_app()
def look_at_invoice(member: AppMember, invoice: UUID) -> Response:
    _look(member, second_looks.at_invoice, invoice)
    return redirect(url_for(".invoice", app=member.app.uuid, invoice=invoice), 303)


@operations.post(f"{_BASE}/tenants/<uuid:tenant>/look")
@guard.of_app()
def look_at_tenant(member: AppMember, tenant: UUID) -> Response:
    _look(member, second_looks.at_tenant, tenant)
    return redirect(url_for(".tenant", app=member.app.uuid, tenant=tenant), 303)


def _look(member: AppMember, look: Look, uuid: UUID) -> None:
    looked = look(sessions.db(), sessions.site(), member, uuid)
    if looked.entries:
        news = "; ".join(happenings.happening(entry) for entry in looked.entries)
        flash(gettext("The provider was asked just now. What is new: %(news)s.", news=news))
    elif looked.asked:
        flash(
            ngettext(
                "The provider was asked just now, and nothing has changed.",
                "The provider was asked about %(num)s purchases and plans just now, and nothing"
                " has changed.",
                looked.asked,
            )
        )
    else:
        flash(gettext("There is nothing here that the provider could be asked about."))

"""The page of one checkout, subscription, payment, invoice or tenant, and looking at it again."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, render_template, request
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.billing.invoicing import tax_sentences
from app.billing.operations import cases, owner_refunds, second_looks
from app.billing.operations.second_looks import Looked
from app.billing.site import Site
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember
from app.web import happenings, sessions

_BASE = "/console/apps/<uuid:app>/operations"
_LOOKS: dict[str, Callable[[Session, Site, AppMember, UUID], Looked]] = {
    "checkouts": second_looks.at_checkout,
    "subscriptions": second_looks.at_subscription,
    "payments": second_looks.at_payment,
    "invoices": second_looks.at_invoice,
    "tenants": second_looks.at_tenant,
}


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
    left = owner_refunds.refundable(sessions.db(), case.payment)
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


@operations.post(f"{_BASE}/<any({', '.join(_LOOKS)}):kind>/<uuid:subject>/look")
@guard.of_app()
def look(member: AppMember, kind: str, subject: UUID) -> Response:
    _say(_LOOKS[kind](sessions.db(), sessions.site(), member, subject))
    return redirect(request.path.removesuffix("/look"), 303)


def _say(looked: Looked) -> None:
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

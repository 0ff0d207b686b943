"""The playground of portal links: the exact call, sent if one likes, and what it is answered."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Length

from app.billing.access import playgrounds, portal_link_calls, portal_links
from app.billing.access.playgrounds import Wanted
from app.billing.catalogue import products
from app.billing.errors import Invalid
from app.billing.tenants import tenants
from app.console import guard
from app.console.integration.area import PATH, integration
from app.models import AppMember, Tenant
from app.web import forms, sessions, shown_once

_PLAYGROUND = f"{PATH}/playground"
_ANSWER = "portal_link"
_WORDS = {
    "user": lazy_gettext("Choose somebody of this tenant: it has no admin."),
    "price": lazy_gettext("Choose a price in the currency this tenant pays in."),
    "quantity": lazy_gettext("Enter a quantity that this price is sold in."),
    "return_url": lazy_gettext("Begin with one of the app's registered origins."),
}


class PlaygroundForm(forms.Form):
    """What the link shall open, for whom."""

    scope = StringField(lazy_gettext("Scope"), default="portal")
    user = StringField(lazy_gettext("Person"))
    price = StringField(lazy_gettext("Price"))
    quantity = StringField(
        lazy_gettext("Quantity"),
        filters=[forms.squeezed],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    return_url = StringField(
        lazy_gettext("Return address"),
        [Length(max=2000)],
        filters=[forms.squeezed],
        render_kw={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"},
    )

    def wanted(self) -> Wanted:
        """Answer what was chosen; what has no place in the scope is left out."""
        is_order = self.scope.data == "checkout"
        return Wanted(
            scope=self.scope.data or "portal",
            user=self.user.data or None,
            price=(self.price.data or None) if is_order else None,
            quantity=forms.whole_number(self.quantity.data) if is_order else None,
            return_url=self.return_url.data or None,
        )


@integration.get(_PLAYGROUND)
@guard.of_app()
def playground(member: AppMember) -> str:
    tenant = _tenant(member)
    if tenant is None:
        return _choose(member)
    return _page(member, tenant, PlaygroundForm(request.args))


@integration.post(_PLAYGROUND)
@guard.of_app()
def try_playground(member: AppMember) -> Response | tuple[str, int]:
    tenant = _tenant(member)
    if tenant is None:
        return _choose(member), 422
    form = PlaygroundForm.posted()
    if not form.validate():
        return _page(member, tenant, form), 422
    wanted = form.wanted()
    try:
        answer = playgrounds.send(sessions.db(), sessions.site(), member, tenant, wanted)
    except Invalid as error:
        sessions.db().rollback()
        _blame(form, error)
        return _page(member, tenant, form), 422
    shown_once.put(_ANSWER, json.dumps(answer))
    chosen = {name: said for name, said in asdict(wanted).items() if said is not None}
    place = url_for("integration.playground", app=member.app.uuid, tenant=tenant.uuid, **chosen)
    return redirect(place, 303)


def _tenant(member: AppMember) -> Tenant | None:
    uuid = request.values.get("tenant", type=UUID)
    return tenants.of_app(sessions.db(), member.app, uuid) if uuid else None


def _choose(member: AppMember) -> str:
    text = forms.squeezed(request.values.get("q"))
    return render_template(
        "console/integration/playground_tenants.html",
        member=member,
        text=text or "",
        tenants=playgrounds.tenants_to_try(sessions.db(), member.app, text),
    )


def _page(member: AppMember, tenant: Tenant, form: PlaygroundForm) -> str:
    db, site = sessions.db(), sessions.site()
    told = shown_once.take(_ANSWER)
    return render_template(
        "console/integration/playground.html",
        member=member,
        tenant=tenant,
        form=form,
        scopes=portal_links.OFFERED,
        people=tenants.people(db, tenant),
        prices=products.for_sale(db, member.app_id),
        call=portal_link_calls.of(site, tenant, **asdict(form.wanted())),
        **_answered(told),
    )


def _answered(told: str | None) -> dict[str, Any]:
    if told is None:
        return {"answer": None}
    answer = json.loads(told)
    return {
        "answer": json.dumps(answer, indent=2, ensure_ascii=False),
        "address": answer["items"][0]["nextAction"]["url"],
    }


def _blame(form: PlaygroundForm, error: Invalid) -> None:
    if error.field in _WORDS:
        form[error.field].errors = [_WORDS[error.field]]
    else:
        form.blame(error)

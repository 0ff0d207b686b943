"""Going live, and back to test mode."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.connecting import going_live as steps
from app.billing.connecting import provider_keys
from app.billing.errors import Conflict, Invalid
from app.console import guard
from app.console.provider_forms import GoLiveForm
from app.console.providers import PATH
from app.models import AppMember
from app.web import errors, sessions

going_live = Blueprint("going_live", __name__)


@going_live.get(f"{PATH}/going-live")
@guard.of_app(owner=True)
def show(member: AppMember) -> str:
    return _page(member, GoLiveForm())


@going_live.post(f"{PATH}/going-live")
@guard.of_app(owner=True)
def go(member: AppMember) -> Response | tuple[str, int]:
    form = GoLiveForm.posted()
    if not form.validate():
        return _page(member, form), 422
    try:
        steps.go(sessions.db(), sessions.site(), member, typed_name=form.typed_name.data)
    except (Invalid, Conflict) as error:
        sessions.db().rollback()
        form.blame(error)
        return errors.mark(make_response(_page(member, form)), error)
    flash(gettext("%(app)s is live. Payments move real money from now on.", app=member.app.name))
    return _back(member)


@going_live.get(f"{PATH}/back-to-test")
@guard.of_app(owner=True)
def consider(member: AppMember) -> Response | str:
    if not member.app.livemode:
        return _back(member)
    plans, checkouts = steps.live_ties(sessions.db(), member.app)
    return render_template(
        "console/providers/back_to_test.html", member=member, plans=plans, checkouts=checkouts
    )


@going_live.post(f"{PATH}/back-to-test")
@guard.of_app(owner=True)
def go_back(member: AppMember) -> Response:
    steps.go_back(sessions.db(), member)
    flash(gettext("%(app)s is in test mode again: no money moves.", app=member.app.name))
    return _back(member)


def _page(member: AppMember, form: GoLiveForm) -> str:
    site = sessions.site()
    points = steps.points(sessions.db(), site, member.app)
    return render_template(
        "console/providers/going_live.html",
        member=member,
        form=form,
        points=points,
        is_ready=steps.is_ready(points),
        is_play=provider_keys.plays(site),
    )


def _back(member: AppMember) -> Response:
    return redirect(url_for("providers.show", app=member.app.uuid), 303)

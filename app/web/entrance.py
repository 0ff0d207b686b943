"""The entrance: the start page, signing in and signing out."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import DataRequired, InputRequired, Length

from app.billing.apps import apps, first_runs
from app.billing.errors import NotAuthenticated, TooOften
from app.billing.people import accounts
from app.billing.tenants import tenants
from app.models import Membership
from app.web import addresses, errors, forms, frames, guards, sessions, visits

entrance = Blueprint("entrance", __name__)


class SignInForm(forms.Form):
    """E-mail and password; `next` is the page somebody wanted."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        [DataRequired(lazy_gettext("Enter your e-mail address.")), Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "sign-in-email", "autocomplete": "username"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=1024)],
        render_kw={"data-testid": "sign-in-password", "autocomplete": "current-password"},
    )
    next = HiddenField()


@entrance.get("/")
def start() -> Response | str:
    if not current_user.is_authenticated:
        if visits.half_way() is not None:
            return redirect(url_for("second_steps.show"), 303)
        if first_runs.is_open(sessions.db()):
            return redirect(url_for("setup.show"), 303)
        return redirect(url_for("entrance.sign_in"), 303)
    visit = visits.link()
    if visit is not None:
        return redirect(visit.start, 303)
    guards.require_present()
    memberships = tenants.memberships(sessions.db(), visits.visitor_id())
    visits.remember_several(len(memberships) > 1)
    if len(memberships) == 1:
        return redirect(url_for("overview.show", tenant=memberships[0].tenant.uuid), 303)
    if not memberships and apps.of(sessions.db(), visits.visitor_id()):
        return redirect(url_for("console.start"), 303)
    return _choose(memberships)


@entrance.get("/sign-in")
def sign_in() -> Response | str:
    wanted = addresses.own_path(request.args.get("next"))
    if first_runs.is_open(sessions.db()):
        return redirect(url_for("setup.show"), 303)
    if current_user.is_authenticated and visits.link() is None:
        return redirect(wanted or url_for("entrance.start"), 303)
    return render_template("web/sign_in.html", form=SignInForm(next=wanted or ""))


@entrance.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    form = SignInForm.posted()
    if not form.validate():
        return render_template("web/sign_in.html", form=form), 422
    try:
        user = accounts.sign_in(
            sessions.db(),
            sessions.site(),
            email=form.email.data,
            password=form.password.data,
            address=request.remote_addr or "",
        )
    except NotAuthenticated as error:
        form.blame(error)
        return render_template("web/sign_in.html", form=form), 422
    except TooOften as error:
        form.blame(error)
        return errors.mark(make_response(render_template("web/sign_in.html", form=form)), error)
    visits.begin(user, several=len(tenants.memberships(sessions.db(), user.id)) > 1)
    wanted = addresses.own_path(form.next.data)
    if visits.half_way() is not None:
        return redirect(url_for("second_steps.show", next=wanted), 303)
    return redirect(wanted or url_for("entrance.start"), 303)


@entrance.post("/sign-out")
def leave() -> Response:
    # A frame that is left keeps its place in the page around it.
    visits.link()
    visits.leave()
    if frames.is_one():
        raise NotAuthenticated("The visit of this frame is over.")
    return redirect(url_for("entrance.sign_in"), 303)


def _choose(memberships: list[Membership]) -> str:
    return render_template("web/start.html", memberships=memberships, title=gettext("Your billing"))

"""Two-factor sign-in of a person: setting it up, new recovery codes, switching it off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, flash, make_response, redirect, render_template, session, url_for
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from app.billing.errors import Conflict, Invalid, TooOften
from app.billing.people import recovery_codes, two_factors
from app.billing.vault import Unreadable
from app.models import User
from app.web import account as accounts
from app.web import errors, forms, guards, sessions, shown_once, visits

two_factor = Blueprint("two_factor", __name__)

Done = TypeVar("Done")

_SECRET = "totp_secret"
_CODES = "recovery_codes"


class CodeForm(forms.Form):
    """A code of the authenticator app."""

    code = forms.one_time_code({"data-testid": "two-factor-code"})


class ProofForm(CodeForm):
    """Password and code, for what makes the account less safe."""

    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=1024)],
        render_kw={"data-testid": "two-factor-password", "autocomplete": "current-password"},
    )


@two_factor.get("/account/two-factor")
@guards.signed_in
def show() -> str:
    user = accounts.person()
    return _state(user) if user.two_factor_at else _setup(user, CodeForm())


@two_factor.post("/account/two-factor")
@guards.signed_in
def enable() -> Response | tuple[str, int]:
    form = CodeForm.posted()
    user = accounts.person()
    if not form.validate():
        return _setup(user, form), 422
    try:
        codes = two_factors.enable(
            sessions.db(), sessions.site(), user, secret=_secret(), code=form.code.data
        )
    except (Invalid, TooOften) as error:
        form.blame(error)
        return errors.mark(make_response(_setup(user, form)), error)
    except Conflict:
        sessions.db().rollback()
        return redirect(url_for("two_factor.show"), 303)
    session.pop(_SECRET, None)
    visits.begin_again(user)
    return _show_codes(codes)


@two_factor.get("/account/two-factor/codes")
@guards.signed_in
def codes() -> Response | str:
    told = shown_once.take(_CODES)
    if told is None:
        return redirect(url_for("two_factor.show"), 303)
    return render_template(
        "web/account/recovery_codes.html", user=accounts.person(), codes=told.split()
    )


@two_factor.get("/account/two-factor/codes/renew")
@guards.signed_in
def ask_renew() -> Response | str:
    return _ask("web/account/renew_codes.html")


@two_factor.post("/account/two-factor/codes/renew")
@guards.signed_in
def renew() -> Response | tuple[str, int]:
    return _prove("web/account/renew_codes.html", two_factors.renew_codes, _show_codes)


@two_factor.get("/account/two-factor/off")
@guards.signed_in
def ask_disable() -> Response | str:
    return _ask("web/account/two_factor_off.html")


@two_factor.post("/account/two-factor/off")
@guards.signed_in
def disable() -> Response | tuple[str, int]:
    return _prove("web/account/two_factor_off.html", two_factors.disable, _show_off)


def _ask(page: str) -> Response | str:
    user = accounts.person()
    if user.two_factor_at is None:
        return redirect(url_for("two_factor.show"), 303)
    return render_template(page, user=user, form=ProofForm())


def _prove(
    page: str, verb: Callable[..., Done], then: Callable[[Done], Response]
) -> Response | tuple[str, int]:
    """Have a verb done by whoever proves it with password and code."""
    form = ProofForm.posted()
    user = accounts.person()
    if not form.validate():
        return render_template(page, user=user, form=form), 422
    proof = {"password": form.password.data, "code": form.code.data}
    try:
        done = verb(sessions.db(), sessions.site(), user, **proof)
    except (Invalid, TooOften) as error:
        form.blame(error)
        return errors.mark(make_response(render_template(page, user=user, form=form)), error)
    return then(done)


def _setup(user: User, form: CodeForm) -> str:
    secret = _secret()
    # Imported here because it is needed once in a person's life.
    import segno

    address = two_factors.address(sessions.site(), user, secret)
    picture = segno.make(address, error="m").svg_inline(omitsize=True, border=2)
    return render_template(
        "web/account/two_factor_setup.html",
        user=user,
        form=form,
        # Drawn by segno, with no text in it.
        picture=Markup(picture),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        address=address,
    )


def _state(user: User) -> str:
    left = recovery_codes.left(sessions.db(), user)
    return render_template("web/account/two_factor.html", user=user, left=left)


def _secret() -> str:
    """The secret that is being set up; it waits sealed in the session, so that the page shows the
    same picture until a code has proved that the app has it."""
    vault = sessions.site().vault
    try:
        return vault.open(session[_SECRET])
    except (KeyError, Unreadable):
        secret = two_factors.new_secret()
        session[_SECRET] = vault.seal(secret)
        return secret


def _show_codes(told: list[str]) -> Response:
    shown_once.put(_CODES, " ".join(told))
    return redirect(url_for("two_factor.codes"), 303)


def _show_off(_: None) -> Response:
    flash(gettext("Two-factor sign-in is off. Your password alone signs you in."))
    return redirect(url_for("account.show"), 303)

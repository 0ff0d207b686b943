"""Password resets: asking for a mail, and choosing a new password by the link in it."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import EmailField, PasswordField
from wtforms.validators import DataRequired, InputRequired, Length

from app.billing.errors import Invalid, NotFound, TooOften
from app.billing.people import accounts
from app.billing.people import password_resets as resets
from app.billing.tenants import tenants
from app.models import PasswordReset
from app.web import errors, filters, forms, sessions, visits

password_resets = Blueprint("password_resets", __name__)


class AskForm(forms.Form):
    """Whose password is forgotten."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        [DataRequired(lazy_gettext("Enter your e-mail address.")), Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "reset-email", "autocomplete": "username"},
    )


class ChooseForm(forms.Form):
    """The new password."""

    password = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(lazy_gettext("Enter a new password."))],
        render_kw={"data-testid": "new-password", "autocomplete": "new-password"},
    )


@password_resets.get("/reset")
def ask() -> str:
    return render_template("web/password_resets/ask.html", form=AskForm())


@password_resets.post("/reset")
def send() -> Response | str | tuple[str, int]:
    form = AskForm.posted()
    if not form.validate():
        return render_template("web/password_resets/ask.html", form=form), 422
    try:
        resets.ask(
            sessions.db(),
            sessions.site(),
            email=form.email.data,
            address=request.remote_addr or "",
        )
    except TooOften as error:
        form.blame(error)
        page = render_template("web/password_resets/ask.html", form=form)
        return errors.mark(make_response(page), error)
    return render_template("web/password_resets/sent.html", email=form.email.data)


@password_resets.get("/reset/<token>")
def show(token: str) -> Response | str:
    try:
        reset = resets.peek(sessions.db(), token)
    except NotFound as error:
        return _spent(error)
    return _page(reset, ChooseForm())


@password_resets.post("/reset/<token>")
def choose(token: str) -> Response | tuple[str, int]:
    db = sessions.db()
    form = ChooseForm.posted()
    try:
        if not form.validate():
            return _page(resets.peek(db, token), form), 422
        user = resets.choose(db, token, form.password.data)
    except NotFound as error:
        return _spent(error)
    except Invalid as error:
        form.blame(error)
        return _page(resets.peek(db, token), form), 422
    visits.begin(user, several=len(tenants.memberships(db, user.id)) > 1)
    return redirect(url_for("entrance.start"), 303)


def _page(reset: PasswordReset, form: ChooseForm) -> str:
    return render_template(
        "web/password_resets/choose.html",
        form=form,
        email=reset.user.email if reset.user else "",
        shortest=accounts.SHORTEST_PASSWORD,
    )


def _spent(error: NotFound) -> Response:
    problem = errors.Problem(
        gettext("This link does not work"),
        filters.words(error.text),
        gettext("Ask for a new one on the sign-in page."),
    )
    return errors.page(problem, 404)

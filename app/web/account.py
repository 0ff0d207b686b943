"""A person's own account: their name, their password, and what keeps it safe."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from app.billing.errors import Invalid, TooOften
from app.billing.people import accounts, user_sessions
from app.models import User
from app.web import errors, forms, guards, languages, sessions, visits

account = Blueprint("account", __name__)


class PersonForm(forms.Form):
    """What others see, and the language that is spoken; none is the browser's."""

    name = StringField(
        lazy_gettext("Name"),
        [Length(max=200, message=lazy_gettext("Use at most 200 characters."))],
        filters=[forms.squeezed],
        render_kw={"data-testid": "account-name", "autocomplete": "name"},
    )
    locale = StringField(
        lazy_gettext("Language"), filters=[lambda wanted: languages.nearest(wanted) or wanted or ""]
    )

    def validate_locale(self, field: StringField) -> None:
        """Take a language there are words for."""
        if field.data not in self.choices:
            raise ValidationError(gettext("Choose a language from the list."))

    @property
    def choices(self) -> dict[str, str]:
        """Answer the languages there are words for, and the browser's."""
        return {"": gettext("As the browser asks"), **dict(languages.offered())}


class PasswordForm(forms.Form):
    """The present password and the new one."""

    password = PasswordField(
        lazy_gettext("Present password"),
        [InputRequired(lazy_gettext("Enter your present password.")), Length(max=1024)],
        render_kw={"data-testid": "account-password", "autocomplete": "current-password"},
    )
    new = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(lazy_gettext("Enter a new password."))],
        render_kw={"data-testid": "account-new-password", "autocomplete": "new-password"},
    )


def person() -> User:
    """Answer who is signed in."""
    return accounts.of_id(sessions.db(), visits.visitor_id())


@account.get("/account")
@guards.signed_in
def show() -> str:
    user = person()
    return _page(user, PersonForm(obj=user))


@account.post("/account")
@guards.signed_in
def save() -> Response | tuple[str, int]:
    form = PersonForm.posted()
    user = person()
    if not form.validate():
        return _page(user, form), 422
    accounts.rename(sessions.db(), user, form.name.data)
    # What an app told us of a region, such as de_AT, stays while its language does.
    if (form.locale.data or None) != languages.nearest(user.locale):
        accounts.choose_language(sessions.db(), user, form.locale.data or None)
        languages.follow(user)
    flash(gettext("Your account is saved."))
    return redirect(url_for("account.show"), 303)


@account.get("/account/password")
@guards.signed_in
def ask_password() -> str:
    return _password_page(person(), PasswordForm())


@account.post("/account/password")
@guards.signed_in
def change_password() -> Response | tuple[str, int]:
    form = PasswordForm.posted()
    user = person()
    if not form.validate():
        return _password_page(user, form), 422
    try:
        accounts.change_password(
            sessions.db(),
            sessions.site(),
            user,
            password=form.password.data,
            new=form.new.data,
        )
    except (Invalid, TooOften) as error:
        form.blame(error)
        return errors.mark(make_response(_password_page(user, form)), error)
    visits.begin_again(user)
    flash(gettext("Your password is changed. Everywhere else you are signed out."))
    return redirect(url_for("account.show"), 303)


def _page(user: User, form: PersonForm) -> str:
    return render_template(
        "web/account/show.html",
        user=user,
        form=form,
        sessions=user_sessions.listed(sessions.db(), user.id),
        present=visits.session_uuid(),
    )


def _password_page(user: User, form: PasswordForm) -> str:
    return render_template(
        "web/account/password.html", user=user, form=form, shortest=accounts.SHORTEST_PASSWORD
    )

"""Joining by an invitation: opening its link only asks; going on joins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.people import accounts, invitation_links
from app.billing.tenants import tenants
from app.models import AppMember, Membership
from app.models.invitation import AnyInvitation
from app.web import errors, filters, forms, guards, languages, sessions, visits

Place = TypeVar("Place", Membership, AppMember)
Joined = TypeVar("Joined", bound=Membership | AppMember, covariant=True)


class JoinForm(forms.Form):
    """Who joins, where they have no account yet."""

    name = StringField(
        lazy_gettext("Your name"),
        [DataRequired(lazy_gettext("Enter your name.")), Length(max=200)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "accept-name", "autocomplete": "name"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Choose a password."))],
        render_kw={"data-testid": "new-password", "autocomplete": "new-password"},
    )


class Verbs(Protocol[Joined]):
    """What `invitations` and `app_invitations` of billing have in common."""

    def peek(self, db: Session, token: str) -> AnyInvitation: ...

    def join(self, db: Session, token: str, user_id: int, *, now: datetime) -> Joined: ...

    def begin(
        self, db: Session, token: str, *, name: str, password: str, now: datetime
    ) -> Joined: ...


@dataclass(frozen=True, slots=True)
class Joining(Generic[Place]):
    """One kind of invitation: its verbs, its page, and where somebody goes who has joined."""

    verbs: Verbs[Place]
    template: str
    welcome: Callable[[Place], Response]

    def show(self, token: str) -> Response | str:
        """Say who invites to what."""
        try:
            return self._page(self.verbs.peek(sessions.db(), token), JoinForm())
        except NotFound as error:
            return _spent(error)

    def accept(self, token: str) -> Response | tuple[str, int]:
        """Let somebody join, with the account they have or a new one."""
        try:
            invitation = self.verbs.peek(sessions.db(), token)
            if invitation_links.has_account(sessions.db(), invitation):
                return self._join(token, invitation)
            return self._begin(token, invitation)
        except NotFound as error:
            sessions.db().rollback()
            return _spent(error)

    def _join(self, token: str, invitation: AnyInvitation) -> Response | tuple[str, int]:
        if not _is_signed_in():
            return redirect(url_for("entrance.sign_in", next=request.path), 303)
        try:
            now = sessions.site().clock.now()
            place = self.verbs.join(sessions.db(), token, visits.visitor_id(), now=now)
        except NotAllowed:
            return self._page(invitation, JoinForm()), 403
        visits.remember_several(_has_several(place))
        return self.welcome(place)

    def _begin(self, token: str, invitation: AnyInvitation) -> Response | tuple[str, int]:
        form = JoinForm.posted()
        if not form.validate():
            return self._page(invitation, form), 422
        try:
            place = self.verbs.begin(
                sessions.db(),
                token,
                name=form.name.data,
                password=form.password.data,
                now=sessions.site().clock.now(),
            )
        except (Invalid, Conflict) as error:
            form.blame(error)
            return self._page(invitation, form), errors.status_of(error)
        # Mails and invoices follow; pages would have come in it anyway.
        language = languages.asked_for()
        if language is not None:
            accounts.choose_language(sessions.db(), place.user, language)
        visits.begin(place.user, several=_has_several(place))
        return self.welcome(place)

    def _page(self, invitation: AnyInvitation, form: JoinForm) -> str:
        db = sessions.db()
        return render_template(
            self.template,
            invitation=invitation,
            form=form,
            reader=accounts.email(db, visits.visitor_id()) if _is_signed_in() else None,
            has_account=invitation_links.has_account(db, invitation),
            shortest=accounts.SHORTEST_PASSWORD,
        )


def _is_signed_in() -> bool:
    """By password: a portal link's visit is for one tenant and joins nothing else."""
    if not current_user.is_authenticated or visits.link() is not None:
        return False
    guards.require_present()
    return True


def _has_several(place: Membership | AppMember) -> bool:
    return len(tenants.memberships(sessions.db(), place.user_id)) > 1


def _spent(error: NotFound) -> Response:
    problem = errors.Problem(
        gettext("This invitation does not work"),
        filters.words(error.text),
        gettext("If you accepted it, sign in. If not, ask for a new one."),
    )
    return errors.page(problem, 404)

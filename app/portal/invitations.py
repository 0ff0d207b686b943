"""Accepting an invitation to a tenant."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.people import invitations as verbs
from app.models import Membership
from app.web import joining

invitations = Blueprint("invitations", __name__)


@invitations.get("/invitations/<token>")
def show(token: str) -> Response | str:
    return _JOINING.show(token)


@invitations.post("/invitations/<token>")
def accept(token: str) -> Response | tuple[str, int]:
    return _JOINING.accept(token)


def _welcome(membership: Membership) -> Response:
    flash(gettext("You belong to %(tenant)s now.", tenant=membership.tenant.name))
    return redirect(url_for("overview.show", tenant=membership.tenant.uuid), 303)


_JOINING = joining.Joining(verbs, "portal/invitations/show.html", _welcome)

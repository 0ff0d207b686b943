"""What mails say to people: who wants to sign in again, who is asked to join."""

from __future__ import annotations

from app.billing.mail.mail_kinds import AppInvited, Invited, PasswordReset
from app.billing.text import Text
from app.mails.content import Button, Content
from app.mails.places import Places


def password_reset(told: PasswordReset, places: Places) -> Content:
    """Choose a new password."""
    values = {"at": told.expires_at, "time": f"{told.expires_at:%H:%M}"}
    return Content(
        subject=Text("Choose a new password"),
        heading=Text("Choose a new password"),
        paragraphs=(
            Text("Somebody, probably you, asked for a new password for this e-mail address."),
            Text("The button works once, until %(at)s, %(time)s UTC.", values),
        ),
        button=Button(Text("Choose a new password"), places.secret),
        after=(Text("If it was not you, ignore this mail: your password stays as it is."),),
    )


def invitation(told: Invited, places: Places) -> Content:
    """Join a tenant."""
    values = {"by": told.invited_by, "tenant": places.tenant_name, "at": told.expires_at}
    return Content(
        subject=Text("You are invited to %(tenant)s", values),
        heading=Text("Join %(tenant)s", values),
        paragraphs=(
            Text("%(by)s invites you to the billing pages of %(tenant)s.", values)
            if told.invited_by
            else Text("You are invited to the billing pages of %(tenant)s.", values),
            Text("As an admin you can buy, change plans and invite others.")
            if told.role == "admin"
            else Text("As a member you can see the plan and its invoices."),
            Text("The button works once, until %(at)s.", values),
        ),
        button=Button(Text("Accept the invitation"), places.secret),
        after=(Text("If you do not know who this is, ignore this mail: nothing happens."),),
    )


def app_invitation(told: AppInvited, places: Places) -> Content:
    """Run an app."""
    values = {"by": told.invited_by, "app": places.app_name, "at": told.expires_at}
    return Content(
        subject=Text("You are invited to run %(app)s", values),
        heading=Text("Run %(app)s", values),
        paragraphs=(
            Text("%(by)s invites you to the console of %(app)s, where its billing is run.", values),
            Text("As an owner you can change everything: providers, prices, tax, people.")
            if told.role == "owner"
            else Text(
                "As support you see everything and help customers; what is sold stays as is."
            ),
            Text("The button works once, until %(at)s.", values),
        ),
        button=Button(Text("Accept the invitation"), places.secret),
        after=(Text("If you do not know who this is, ignore this mail: nothing happens."),),
    )

"""The form that ends a plan: why, if the admin wants to say."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField
from wtforms.validators import AnyOf, Length, Optional

from app.billing.plans.cancelations import LONGEST_TEXT
from app.web import forms

REASONS = {
    "too_expensive": lazy_gettext("It costs too much"),
    "not_used": lazy_gettext("We do not use it enough"),
    "missing": lazy_gettext("Something we need is missing"),
    "switched": lazy_gettext("We use something else now"),
    "other": lazy_gettext("Another reason"),
}


class CancelForm(forms.Form):
    """A reason by name, and in the admin's own words; both may be left out."""

    why = StringField(
        lazy_gettext("Why do you end it?"),
        [Optional(), AnyOf(list(REASONS), message=lazy_gettext("Choose a reason from the list."))],
    )
    comment = TextAreaField(
        lazy_gettext("In your own words"),
        [
            Length(
                max=LONGEST_TEXT,
                message=lazy_gettext("Use at most %(max)d characters."),
            )
        ],
        filters=[lambda text: (text or "").strip() or None],
    )
    first_ids = {"why": "why-too_expensive"}

    @property
    def reason(self) -> str | None:
        """Answer what was said, as it is kept: `too_expensive: The price went up.`"""
        said = [word for word in (self.why.data, self.comment.data) if word]
        return ": ".join(said) or None

"""The form of a product."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from wtforms import TextAreaField
from wtforms.validators import Length

from app.billing.catalogue.product_settings import ProductSettings
from app.web import forms

_LONGEST_FEATURES = 5000


class ProductForm(forms.Form):
    """What an owner says about a product; numbers are read by billing."""

    name = forms.short_text(
        lazy_gettext("Name"), lazy_gettext("Enter the name of the product."), autocomplete="off"
    )
    description = forms.short_text(lazy_gettext("Who it is for"), autocomplete="off")
    features = TextAreaField(
        lazy_gettext("Features"), [Length(max=_LONGEST_FEATURES)], render_kw={"rows": "5"}
    )
    slug = forms.short_text(lazy_gettext("Name in addresses"), autocomplete="off")
    family = forms.short_text(lazy_gettext("Family"), autocomplete="off")
    position = forms.short_text(lazy_gettext("Position"), autocomplete="off")
    article_type_id = forms.short_text(lazy_gettext("Article type number"), autocomplete="off")
    article_id = forms.short_text(lazy_gettext("Article number"), autocomplete="off")

    def settings(self) -> ProductSettings:
        """Answer what was entered."""
        entered: dict[str, Any] = {
            name: self[name].data for name in ProductSettings.__dataclass_fields__
        }
        return ProductSettings(**entered)

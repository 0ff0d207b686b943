"""The people who visit the pages."""

from tests.pages import flask_app, milo, new_app, nobody, peter, tara

__all__ = ["flask_app", "milo", "new_app", "nobody", "peter", "tara"]

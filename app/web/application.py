"""The Flask application, without what it would do for programs that are not ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from app.web.templates import LanguageEnvironment


class Application(Flask):
    """Every page and verb is a plain function, so none is looked at for being asynchronous: Flask
    would do that some twenty times a request."""

    jinja_environment = LanguageEnvironment

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Answer the function as it is."""
        return func

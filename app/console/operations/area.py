"""The blueprint all pages of operations hang on."""

from __future__ import annotations

from flask import Blueprint

operations = Blueprint("operations", __name__)

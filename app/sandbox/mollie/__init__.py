"""Mollie's half of the sandbox."""

from flask import Flask

from app.sandbox.guide import Guide
from app.sandbox.world import World

GUIDES: tuple[Guide, ...] = ()


def mount(app: Flask, world: World) -> None:
    """Serve Mollie's API below `/mollie` and its hosted pages."""

"""Another company's server: Stripe and Mollie as far as the portal needs them, offline."""

import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from app.sandbox.world import World


class Sandbox(Flask):
    """The WSGI program; `world` is everything it knows, `close()` ends its threads."""

    world: World

    def close(self) -> None:
        """End its threads and let go of its file."""
        self.world.close()


def create_sandbox(
    *,
    seed: str | None = None,
    state: Path | None = None,
    wall: Callable[[], float] = time.time,
) -> Sandbox:
    """Make a sandbox of its own, in memory or kept in the file `state`.

    The same `seed` gives the same ids in the same order. Its threads begin at once; call `close()`.
    """
    from app.sandbox import back_office, home, mail_pages, mollie, stripe
    from app.sandbox.pages import nothing_here, pages

    app = Sandbox(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    app.world = World(seed=seed, state=state, wall=wall)
    app.extensions["world"] = app.world
    app.register_blueprint(pages, url_prefix="/sandbox")
    app.register_blueprint(back_office.control)
    app.register_blueprint(home.home)
    app.register_blueprint(mail_pages.mail_pages, url_prefix="/mailbox")
    app.register_error_handler(404, nothing_here)
    stripe.mount(app, app.world)
    mollie.mount(app, app.world)
    app.world.start()
    return app

"""The commands of `flask`: the demo world, origins, the sweep, the database."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TypeVar
from uuid import UUID

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.orm import Session

from app import processes
from app.billing import apps, demo, origins, sweep
from app.billing.errors import BillingError
from app.billing.site import Site
from app.db.engine import Database
from config import Unsound

Answer = TypeVar("Answer")
demo_group = AppGroup("demo", help="The demo world: an app, two tenants, a catalogue, a sandbox.")
origins_group = AppGroup("origins", help="Where an app's own pages are: returning, embedding.")
db_group = AppGroup("db", help="The tables of the database.")


def install(flask_app: Flask) -> None:
    """Add our commands to `flask`."""
    for command in (demo_group, origins_group, db_group, run_sweep):
        flask_app.cli.add_command(command)


@demo_group.command("ensure")
def ensure_demo() -> None:
    """Make what is missing of the demo world."""
    with _plain_words():
        _migrations().upgrade(_site().config.DATABASE_URL)
        _in_session(demo.ensure)
    click.echo("The demo world is there.")


@demo_group.command("show")
def show_demo() -> None:
    """Print the demo world as JSON, with new bearers and a new portal link."""
    with _plain_words():
        shown = _in_session(demo.show)
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False))


@demo_group.command("reset")
def reset_demo() -> None:
    """Put sandbox and portal back as they were at first."""
    with _plain_words():
        _in_session(demo.reset)
    click.echo("The demo world is as new.")


@demo_group.command("run")
def run_demo() -> None:
    """Run portal, sandbox and worker in this terminal."""
    with _plain_words():
        _migrations().upgrade(_site().config.DATABASE_URL)
        sys.exit(processes.run(_site().config, _prepare, _announcement))


@origins_group.command("list")
@click.argument("app", type=click.UUID)
def list_origins(app: UUID) -> None:
    """Say where payers of an app may be sent back to, and what may embed the portal."""
    with _plain_words():
        found = _in_session(lambda db, _: origins.listed(db, apps.named(db, app)))
    for origin in found:
        click.echo(f"{origin.origin}{' (may embed)' if origin.may_embed else ''}")


@origins_group.command("add")
@click.argument("app", type=click.UUID)
@click.argument("origin")
@click.option("--may-embed", is_flag=True, help="Its pages may show the portal in a frame.")
def add_origin(app: UUID, origin: str, may_embed: bool) -> None:
    """Register an origin of an app, such as https://app.example.com."""
    with _plain_words():
        _in_session(
            lambda db, _: origins.register(db, apps.named(db, app), origin, may_embed=may_embed)
        )
    click.echo(f"{origin} is registered{' and may embed the portal' if may_embed else ''}.")


@origins_group.command("remove")
@click.argument("app", type=click.UUID)
@click.argument("origin")
def remove_origin(app: UUID, origin: str) -> None:
    """Send nobody back to an origin any more, and let it embed nothing."""
    with _plain_words():
        _in_session(lambda db, _: origins.withdraw(db, apps.named(db, app), origin))
    click.echo(f"{origin} is not registered any more.")


@click.command("sweep")
@with_appcontext
def run_sweep() -> None:
    """Finish what was left: crashed starts, lost webhooks, expired sessions."""
    with _plain_words():
        _in_session(sweep.run)


@db_group.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the tables up to a revision, by default the newest."""
    _migrations().upgrade(_site().config.DATABASE_URL, revision)


@db_group.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the tables back to a revision; `base` removes them all with their rows."""
    _migrations().downgrade(_site().config.DATABASE_URL, revision)


@db_group.command("check")
def check() -> None:
    """Say whether the tables are the ones this version needs."""
    url, migrations = _site().config.DATABASE_URL, _migrations()
    if migrations.current(url) != migrations.newest():
        raise click.ClickException("The tables are not up to date: run flask db upgrade.")
    differences = migrations.differences(url)
    if differences:
        raise click.ClickException("The tables differ from the models:\n" + "\n".join(differences))
    click.echo("The tables are up to date.")


def _migrations() -> ModuleType:
    # Alembic takes 8 MB, and every server process imports this module without ever migrating.
    from app.db import migrations

    return migrations


def _prepare() -> None:
    _in_session(demo.ensure)


def _announcement() -> str:
    shown = _in_session(demo.show)
    admin = shown["tenants"][0]["users"][0]
    return (
        f"\nPortico is at {shown['portal_url']}\n"
        f"  Sign in as {admin['email']} with {admin['password']}\n"
        f"  or open    {shown['portal_link']}\n"
        f"The sandbox is at {shown['sandbox_url']}, the mails it takes are at"
        f" {shown['sandbox_url']}/mailbox.\nCtrl-C ends all.\n"
    )


def _site() -> Site:
    site: Site = current_app.extensions["site"]
    return site


def _in_session(verb: Callable[[Session, Site], Answer]) -> Answer:
    database: Database = current_app.extensions["database"]
    with database.writer() as db:
        answer = verb(db, _site())
        db.commit()
        return answer


@contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except (BillingError, Unsound, processes.PortTaken) as error:
        raise click.ClickException(str(error)) from error

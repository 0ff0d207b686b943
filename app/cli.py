"""The commands of `flask`: the demo world, origins, what is due or differs, keys, tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import ModuleType
from typing import TypeVar
from uuid import UUID

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import processes, upkeep
from app.billing import seals
from app.billing.access import origins
from app.billing.apps import apps, first_runs
from app.billing.demo import demo
from app.billing.errors import BillingError
from app.billing.people import accounts, two_factors
from app.billing.reconciliation import replays, sweep, verify
from app.billing.reconciliation.differences import Difference
from app.billing.seals import Tally
from app.billing.site import Site
from app.db import revisions
from app.db.engine import Database
from config import Unsound

Answer = TypeVar("Answer")
# How each line of `flask verify` begins.
_NO_TABLES = "The tables are not those this version needs: run flask --app wsgi db upgrade."
_SAID = {"differs": "", "repaired": "  repaired: ", "left": "  needs a person: "}
demo_group = AppGroup("demo", help="The demo world: an app, two tenants, a catalogue, a sandbox.")
origins_group = AppGroup("origins", help="Where an app's own pages are: returning, embedding.")
accounts_group = AppGroup("accounts", help="The accounts of people who sign in.")
events_group = AppGroup("events", help="The events providers have sent.")
keys_group = AppGroup("keys", help="The keys that seal stored secrets.")
db_group = AppGroup("db", help="The tables of the database.")


def install(flask_app: Flask) -> None:
    """Add our commands to `flask`."""
    groups = (demo_group, origins_group, accounts_group, events_group, keys_group, db_group)
    for command in (*groups, show_setup, run_sweep, run_verify):
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
    """Run portal, sandbox and worker in this terminal; with EMPTY=1 without the demo world."""
    with _plain_words():
        _migrations().upgrade(_site().config.DATABASE_URL)
        sys.exit(processes.run(_site().config, _prepare, _announcement))


@click.command("setup")
@with_appcontext
def show_setup() -> None:
    """Say where to set up a new installation, with the code that proves you run it."""
    with _plain_words():
        click.echo(_in_session(_where_to_begin))


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
    """Do everything that is due, once: lost events, crashed starts, late payments, mails."""
    with _plain_words():
        done = upkeep.run(_database(), _site())
    click.echo(done.sentence)


@click.command("verify")
@click.option("--repair", is_flag=True, help="Put right what differs.")
@click.option("--app", type=click.UUID, help="Only what belongs to this app.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@with_appcontext
def run_verify(repair: bool, app: UUID | None, as_json: bool) -> None:
    """Compare every row with the provider; the exit status is 1 where anything differs."""

    def say(what: str, difference: Difference) -> None:
        if not as_json:
            click.echo(f"{_SAID[what]}{difference.line}")

    with _plain_words():
        report = verify.run(_database(), _site(), app=app, repair=repair, say=say)
    click.echo(json.dumps(report.as_dict(), indent=2) if as_json else report.sentence)
    sys.exit(0 if report.is_clean else 1)


@accounts_group.command("two-factor-off")
@click.argument("email")
def switch_two_factor_off(email: str) -> None:
    """Let somebody sign in by password alone, who has lost phone and recovery codes. Make sure of
    who asks: nothing else stands between a stolen password and the account."""
    with _plain_words():
        _in_session(lambda db, _: two_factors.remove(db, accounts.named(db, email)))
    click.echo(f"{email} signs in by password alone now, and is signed out everywhere.")


@events_group.command("list")
@click.option("--state", type=click.Choice(("received", "processing", "done", "failed")))
@click.option("--limit", type=click.IntRange(1, 10_000), default=replays.LISTED, show_default=True)
def list_events(state: str | None, limit: int) -> None:
    """Print the newest events, one in a line."""
    with _plain_words():
        found = _in_session(lambda db, _: replays.listed(db, state=state, limit=limit))
    for event in found:
        click.echo(event.line)


@events_group.command("replay")
@click.option("--id", "name", help="Our uuid, or the provider's id of the event or its object.")
@click.option("--since", type=click.DateTime(), help="Those received since, in UTC.")
@click.option("--failed", is_flag=True, help="Those given up.")
def replay_events(name: str | None, since: datetime | None, failed: bool) -> None:
    """Look again at what stored events were about; always safe."""
    if not (name or since or failed):
        raise click.UsageError("Say which: --id, --since or --failed.")
    moment = since.replace(tzinfo=UTC) if since else None

    def replay(db: Session, site: Site) -> int:
        now = site.clock.now()
        count = replays.again(db, now=now, name=name, since=moment, failed=failed)
        db.commit()
        sweep.process_events(db, site)
        return count

    with _plain_words():
        count = _in_session(replay)
    if not count:
        raise click.ClickException("No stored event is meant by that.")
    click.echo(
        f"Looked again at what {count} {'event was' if count == 1 else 'events were'} about."
    )


@keys_group.command("check")
def check_keys() -> None:
    """Say which keys the stored secrets need; the exit status is 1 unless the newest is enough."""
    with _plain_words():
        _judge(seals.check(_database(), _site()))


@keys_group.command("reseal")
def reseal_keys() -> None:
    """Seal every stored secret with the newest key; safe beside running programs, and to repeat."""
    with _plain_words():
        _judge(seals.reseal(_database(), _site()))


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


def _judge(found: Mapping[str, Tally]) -> None:
    for place, tally in found.items():
        click.echo(f"{place}: {tally.sentence}")
    if not all(tally.is_fresh for tally in found.values()):
        raise click.ClickException("Earlier keys are still needed: run flask keys reseal.")
    click.echo("No earlier key is needed any more: only the newest has to stay in ENCRYPTION_KEYS.")


def _migrations() -> ModuleType:
    # Alembic takes 8 MB, and every server process imports this module without ever migrating.
    from app.db import migrations

    return migrations


def _prepare() -> None:
    if _site().config.DEMO:
        _in_session(demo.ensure)


def _announcement() -> str:
    site = _site()
    begin = _demo_sign_in() if site.config.DEMO else f"  {_in_session(_where_to_begin)}\n"
    return (
        f"\nPortico is at {site.config.PUBLIC_URL}\n{begin}"
        f"The sandbox is at {site.config.sandbox_url}, the mails it takes are at"
        f" {site.config.sandbox_url}/mailbox.\nCtrl-C ends all.\n"
    )


def _demo_sign_in() -> str:
    shown = _in_session(demo.show)
    admin = shown["tenants"][0]["users"][0]
    return (
        f"  Sign in as {admin['email']} with {admin['password']}\n"
        f"  or open    {shown['portal_link']}\n"
    )


def _where_to_begin(db: Session, site: Site) -> str:
    if first_runs.is_open(db):
        return f"Nothing is set up yet. Begin at {first_runs.address(site)}"
    return f"This installation is set up. Sign in at {site.url('/sign-in')}"


def _site() -> Site:
    site: Site = current_app.extensions["site"]
    return site


def _database() -> Database:
    database: Database = current_app.extensions["database"]
    return database


def _in_session(verb: Callable[[Session, Site], Answer]) -> Answer:
    with _database().writer() as db:
        answer = verb(db, _site())
        db.commit()
        return answer


@contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except (BillingError, Unsound, processes.PortTaken) as error:
        raise click.ClickException(str(error)) from error
    except DBAPIError as error:
        with _database().reader() as db:
            is_behind = revisions.standing(db) == "behind"
        if not is_behind:
            raise
        raise click.ClickException(_NO_TABLES) from error

"""An installation of Portico to measure: provider, database, world, and the portal serving it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg
from flask import Flask

import config
from app import create_app
from app.billing.site import site_for
from app.db.engine import Database
from tests.bench import servers, world
from tests.bench.servers import Postgres, Server
from tests.bench.world import World


@dataclass(frozen=True)
class Installation:
    """What runs. `portal` is the same Flask application as `server` serves, for signing in."""

    upstream: Server
    postgres: Postgres
    settings: Mapping[str, str]
    world: World
    portal: Flask
    server: Server

    @contextmanager
    def serve(self, target: str, *, factory: bool = False, workers: int = 1) -> Iterator[Server]:
        """Run one more server."""
        with servers.granian(target, self.settings, factory=factory, workers=workers) as server:
            yield server

    def calls(self) -> dict[str, int]:
        """Answer what the provider was asked since this was last asked."""
        calls: dict[str, int] = json.loads(servers.call(f"{self.upstream.url}/bench/calls"))
        return calls

    def delay(self, milliseconds: int) -> None:
        """Let the provider answer that much later."""
        servers.call(f"{self.upstream.url}/bench/delay/{milliseconds}")

    def moments(self) -> list[float]:
        """Answer when the provider was asked since this was last asked, in seconds."""
        moments: list[float] = json.loads(servers.call(f"{self.upstream.url}/bench/moments"))
        return moments

    def count(self, table: str, condition: str) -> int:
        """Answer how many rows there are."""
        with psycopg.connect(self.postgres.url) as db:
            row = db.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def run(*, known: int, new: int) -> Iterator[Installation]:
    """Start everything, fill the database, and end everything."""
    with ExitStack() as stack:
        upstream = stack.enter_context(servers.upstream())
        postgres = stack.enter_context(servers.postgres())
        settings = servers.settings(postgres.url, upstream.url)
        loaded = config.load(settings)
        site, database = site_for(loaded), Database(loaded.DATABASE_URL)
        stack.callback(database.close)
        yield Installation(
            upstream=upstream,
            postgres=postgres,
            settings=settings,
            world=world.make(database, site, known=known, new=new),
            portal=create_app(loaded, site=site, database=database),
            server=stack.enter_context(servers.granian("wsgi:application", settings)),
        )

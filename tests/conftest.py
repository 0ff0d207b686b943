"""What every test stands on: a closed network and a database of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.db.engine import Database
from config import Config
from config import load as load_config
from tests import cast, databases, network
from tests.sandbox_server import SandboxServer, calm_time, serve_sandbox

network.close()

# The same examples on every run, so that a failure is nobody's bad luck; `make fuzz` looks further.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("suite")


# Begun last, one of these would keep one worker waiting for the other.
_LONG = ("test_demo_runs.py", "test_whole_lives.py")
_MEMORY = Path("/dev/shm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin what takes longest first."""
    items.sort(key=lambda item: item.path.name not in _LONG)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses the database on SQLite, and on PostgreSQL where that may differ."""
    if "database_kind" in metafunc.fixturenames:
        kinds = databases.kinds_for(
            metafunc.definition.path,
            metafunc.function.__name__,
            only_postgres=metafunc.definition.get_closest_marker("postgres") is not None,
        )
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answer the folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


@pytest.fixture(scope="session")
def compiled_templates(run_folder: Path) -> FileSystemBytecodeCache:
    """Keep templates in their compiled form for every portal of this run."""
    folder = run_folder / "templates"
    folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


@pytest.fixture(scope="session")
def postgres_server(run_folder: Path) -> str:
    """Answer the URL of the run's PostgreSQL server."""
    return databases.start_postgres(run_folder)


@pytest.fixture(scope="session")
def postgres_of_worker(postgres_server: str) -> Iterator[str]:
    """Give this worker a migrated PostgreSQL database."""
    with databases.postgres(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def cleaner(postgres_of_worker: str) -> Iterator[databases.Cleaner]:
    """Give what empties this worker's PostgreSQL database."""
    cleaner = databases.Cleaner(postgres_of_worker)
    yield cleaner
    cleaner.close()


@pytest.fixture
def postgres_url(postgres_of_worker: str, cleaner: databases.Cleaner) -> str:
    """Answer the URL of a migrated PostgreSQL database without a row."""
    cleaner.empty()
    return postgres_of_worker


@pytest.fixture(scope="session")
def sqlite_folder() -> Iterator[Path]:
    """Answer where this worker keeps the file of its test at hand: in memory where the system has a
    place for that, since tests commit all the time and nothing has to outlive them."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="portico-", dir=place) as folder:
        yield Path(folder)


@pytest.fixture
def database_url(
    database_kind: str, run_folder: Path, sqlite_folder: Path, request: pytest.FixtureRequest
) -> str:
    """Answer the URL of an empty, migrated database that belongs to this test."""
    if database_kind == "sqlite":
        return databases.sqlite(run_folder, sqlite_folder)
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def sandbox_of_worker() -> Iterator[SandboxServer]:
    """Serve one sandbox for all tests of this worker."""
    with serve_sandbox(wall=calm_time) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_of_worker: SandboxServer) -> SandboxServer:
    """Answer a sandbox in which nothing has happened yet."""
    sandbox_of_worker.reset()
    return sandbox_of_worker


@pytest.fixture
def public_url() -> str:
    """Answer the portal's address; nothing listens there unless a test overrides this."""
    return "http://127.0.0.1:9"


@pytest.fixture
def config(database_url: str, sandbox: SandboxServer, public_url: str) -> Config:
    """Answer the settings of a demo on this test's database and sandbox."""
    return load_config(
        {
            "DATABASE_URL": database_url,
            "PUBLIC_URL": public_url,
            "SECRET_KEY": "only-for-tests-" * 4,
            "ENCRYPTION_KEYS": "5e" * 32,
            "STRIPE_API_URL": f"{sandbox.url}/stripe",
            "MOLLIE_API_URL": f"{sandbox.url}/mollie",
            "CLOCK_URL": f"{sandbox.url}/control/clock",
            "SMTP_URL": sandbox.smtp_url,
            "QUEUE": "none",
            "PROVIDER_CALLS_PER_SECOND": "100000",
            # A portal outlives its test, and so do its counts.
            "API_CALLS_PER_MINUTE": "1000000",
            "STARTS_PER_MINUTE": "1000000",
        }
    )


@pytest.fixture
def site(config: Config, sandbox: SandboxServer) -> Site:
    """Answer the installation; its clock follows the sandbox's at once."""
    return Site(config=config, clock=sandbox.app.world.clock)


@pytest.fixture(scope="session")
def engines() -> Iterator[dict[str, Database]]:
    """Keep the engines of this worker by URL: half of a test's time would go into compiling the
    same statements anew for each."""
    kept: dict[str, Database] = {}
    yield kept
    for database in kept.values():
        database.close()


@pytest.fixture(scope="session")
def kept_portals() -> dict[object, object]:
    """Keep the portals of this worker: most tests take less time than three hundred routes."""
    return {}


@pytest.fixture
def database(config: Config, engines: dict[str, Database]) -> Iterator[Database]:
    """Give the database of this test."""
    url = config.DATABASE_URL
    database = engines.get(url) or engines.setdefault(url, Database(url))
    yield database
    database.listeners.clear()
    databases.leave(database)


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    """Give a session that may write."""
    with database.writer() as session:
        yield session


@pytest.fixture
def world(db: Session, site: Site) -> cast.World:
    """Answer the demo world, connected to the sandbox; no transaction is open."""
    return cast.gather(db, site)

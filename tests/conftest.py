"""What every test stands on: a closed network and a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import databases, network

network.close()

# The same examples on every run, so that a failure is nobody's bad luck; `make fuzz` looks further.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("suite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses the database on SQLite, and on PostgreSQL where that may differ."""
    if "database_kind" in metafunc.fixturenames:
        kinds = databases.kinds_for(metafunc.definition.path)
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answer the folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


@pytest.fixture(scope="session")
def postgres_server(run_folder: Path) -> str:
    """Answer the URL of the run's PostgreSQL server."""
    return databases.start_postgres(run_folder)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give an empty, migrated PostgreSQL database."""
    with databases.postgres(postgres_server) as url:
        yield url


@pytest.fixture
def database_url(
    database_kind: str, run_folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> str:
    """Answer the URL of an empty, migrated database that belongs to this test."""
    if database_kind == "sqlite":
        return databases.sqlite(run_folder, tmp_path)
    return str(request.getfixturevalue("postgres_url"))

"""The sandbox adapters are tried against; pytest explains the failures of the shared questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.providers.contract.bench import Sandbox

pytest.register_assert_rewrite("tests.providers.contract")


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    """Serve a sandbox to the tests of a file."""
    # Imported here because the questions have to be registered first.
    from tests.providers.contract import bench

    with bench.sandbox() as sandbox:
        yield sandbox

"""Have pytest explain the failures of the questions both providers are asked."""

import pytest

pytest.register_assert_rewrite("tests.providers.contract")

"""Any order of what can happen to sessions, held against a model of what has to be so."""

import pytest

pytest.register_assert_rewrite(
    "tests.properties.machine", "tests.properties.people", "tests.properties.world"
)

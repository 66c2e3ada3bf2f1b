"""Any order of what can happen to sessions, held against a model of what has to be so."""

import pytest

pytest.register_assert_rewrite(
    "tests.properties.state_machine", "tests.properties.user_rules", "tests.properties.real_site"
)

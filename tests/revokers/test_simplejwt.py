"""JSON web tokens, with the real library: see ``tests/adapters``."""

import pytest

from tests.adapters.running import run_scenarios


@pytest.mark.parametrize("scenarios", ["simplejwt"])
def test_json_web_tokens(scenarios: str) -> None:
    """What ends them, and what does not."""
    needed = "rest_framework_simplejwt"
    run_scenarios(scenarios, needed, settings="tests.adapters.settings_jwt")

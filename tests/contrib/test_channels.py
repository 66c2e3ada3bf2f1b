"""WebSockets and streams, with the real Channels: see ``tests/adapters/sockets*.py``."""

import pytest

from tests.adapters.running import run_scenarios

NEEDED = ("channels", "channels_redis", "daphne", "websockets")
SETTINGS = "tests.adapters.settings_sockets"


def test_sockets() -> None:
    """What closes them, and what does not."""
    run_scenarios("sockets streams", *NEEDED, settings=SETTINGS)


@pytest.mark.needs("redis")
def test_between_processes() -> None:
    """On two servers, with a layer on Redis."""
    run_scenarios("sockets_served", *NEEDED, settings=SETTINGS)


@pytest.mark.needs("redis")
def test_sockets_of_tokens() -> None:
    """Let in without a session."""
    settings = "tests.adapters.settings_sockets_jwt"
    run_scenarios("sockets_tokens", *NEEDED, "rest_framework_simplejwt", settings=settings)

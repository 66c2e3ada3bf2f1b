"""Our API for clients of REST framework and of django-ninja: see ``tests/adapters``."""

from tests.adapters.running import run_scenarios


def test_api() -> None:
    """With both libraries, and the tokens of several."""
    needed = ("rest_framework", "rest_framework_simplejwt", "knox", "ninja", "inflection")
    run_scenarios(
        "api api_atomic simplejwt_lifetimes", *needed, settings="tests.adapters.settings_api"
    )

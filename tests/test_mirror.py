"""``tests/`` mirrors ``src/``: every module has its file of tests, where it would be looked for."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "django_logout"
#: Where modules are tested that have no file of their own, by their beginnings.
ELSEWHERE = {
    # Each needs other apps, and so settings of its own.
    "contrib/allauth": "projects/mfa",
    "contrib/api": "projects/api",
    "contrib/channels": "projects/sockets",
    "contrib/drf/dj_rest_auth": "projects/rest_auth",
    "contrib/drf/headless": "projects/headless",
    "contrib/drf/jwt": "projects/jwt",
    "contrib/drf/schema": "projects/schemas",
    "contrib/drf/spectacular": "projects/schemas",
    "contrib/drf/": "projects/api",
    "contrib/headless": "projects/headless",
    "contrib/mozilla_oidc": "projects/mozilla_oidc",
    "contrib/ninja_headless": "projects/headless",
    "contrib/ninja": "projects/api",
    "contrib/oauth_toolkit": "projects/clients_toolkit",
    "contrib/oauthlib": "projects/clients_toolkit",
    "contrib/token_auth": "projects/jwt",
    "federation/": "projects/federation",
    "operations/checks/allauth": "projects/headless",
    "operations/checks/jwt": "projects/jwt",
    "policies/blacklisting": "projects/jwt",
    "revokers/channels/": "projects/sockets",
    "revokers/drf_token": "projects/tokens/test_drf_token.py",
    "revokers/knox": "projects/tokens/test_knox.py",
    "revokers/oauth_toolkit/": "projects/tokens/test_oauth_toolkit.py",
    "revokers/simplejwt": "projects/jwt/test_revocation.py",
    "sessions/token_logins": "projects/jwt/test_session_limits.py",
    # They notice endings of other processes, which takes a channel layer.
    "streams": "projects/sockets/test_streams.py",
    "web/destinations": "projects/federation/test_rp_initiated.py",
    "web/monitor": "projects/sockets/test_streams.py",
    "web/streaming": "projects/sockets/test_streams.py",
    "web/views/events": "projects/sockets/test_streams.py",
    # They hold names and no code, or lead to the code of another module.
    "enums": "responses/test_messages.py",
    "exceptions": "test_middleware.py",
    "jinja": "web/test_tags.py",
    "migrations/": "test_user_keys.py",
    "signals": "ending/test_after_commit.py",
    "templatetags/logout": "web/test_tags.py",
    "views": "test_imports.py",
    # All checks are tested by the same table of projects, with a mistake each.
    "operations/checks/": "operations/checks/test_checks.py",
    "apps": "test_imports.py",
    "revokers/base": "testing/test_contract.py",
}
MODULES = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if path.stem != "__init__"]


def has_tests(module: Path) -> bool:
    """Return whether a file is named like the module, perhaps with an aspect after the name."""
    folder = TESTS / module.parent
    return any(folder.glob(f"test_{module.stem}.py")) or any(
        folder.glob(f"test_{module.stem}_*.py")
    )


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_has_a_file_of_tests(module: Path) -> None:
    """Or a place that is named above."""
    places = [place for begin, place in ELSEWHERE.items() if module.as_posix().startswith(begin)]
    assert has_tests(module) or any((TESTS / place).exists() for place in places)


@pytest.mark.parametrize("begin", ELSEWHERE)
def test_exception_is_needed(begin: str) -> None:
    """A module with a file of its own is no exception."""
    modules = [module for module in MODULES if module.as_posix().startswith(begin)]
    assert any(not has_tests(module) for module in modules)

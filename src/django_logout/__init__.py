"""Log out truly: one door through which every Django session ends.

Only the public names live here, loaded when they are first asked for, so that
importing the package costs nothing and needs no app registry. Nothing inside
the package imports this module.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_logout.core import aend_sessions, alogout, end_sessions, logout
    from django_logout.exceptions import LogoutError, SessionNotEnded, SessionUnavailable
    from django_logout.factors import credentials_changed
    from django_logout.types import LogoutResult, Target
    from django_logout.vocabulary import Reason

_HOMES = {
    "LogoutError": "exceptions",
    "LogoutResult": "types",
    "Reason": "vocabulary",
    "SessionNotEnded": "exceptions",
    "SessionUnavailable": "exceptions",
    "Target": "types",
    "aend_sessions": "core",
    "alogout": "core",
    "credentials_changed": "factors",
    "end_sessions": "core",
    "logout": "core",
}

__all__ = [
    "LogoutError",
    "LogoutResult",
    "Reason",
    "SessionNotEnded",
    "SessionUnavailable",
    "Target",
    "aend_sessions",
    "alogout",
    "credentials_changed",
    "end_sessions",
    "logout",
]


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

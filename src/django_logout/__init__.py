"""End Django sessions, and know that they have ended.

This module holds the public names only. They are imported on first use, so that importing the
package is cheap and needs no app registry. No module of the package imports this one.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_logout.ending.logout import alogout as alogout
    from django_logout.ending.logout import logout as logout
    from django_logout.ending.pipeline import aend_sessions as aend_sessions
    from django_logout.ending.pipeline import end_sessions as end_sessions
    from django_logout.enums import Reason as Reason
    from django_logout.exceptions import LoginRefused as LoginRefused
    from django_logout.exceptions import LogoutError as LogoutError
    from django_logout.exceptions import SessionNotEnded as SessionNotEnded
    from django_logout.exceptions import SessionUnavailable as SessionUnavailable
    from django_logout.guard.impersonation import get_impersonator as get_impersonator
    from django_logout.guard.impersonation import set_impersonator as set_impersonator
    from django_logout.policies.factor_changes import credentials_changed as credentials_changed
    from django_logout.policies.impersonation import impersonate as impersonate
    from django_logout.policies.impersonation import impersonation as impersonation
    from django_logout.policies.impersonation import stop_impersonating as stop_impersonating
    from django_logout.types import EndedSession as EndedSession
    from django_logout.types import LogoutResult as LogoutResult
    from django_logout.types import Target as Target

_MODULES = {
    "ending.logout": ("alogout", "logout"),
    "ending.pipeline": ("aend_sessions", "end_sessions"),
    "enums": ("Reason",),
    "exceptions": ("LoginRefused", "LogoutError", "SessionNotEnded", "SessionUnavailable"),
    "guard.impersonation": ("get_impersonator", "set_impersonator"),
    "policies.factor_changes": ("credentials_changed",),
    "policies.impersonation": ("impersonate", "impersonation", "stop_impersonating"),
    "types": ("EndedSession", "LogoutResult", "Target"),
}

__all__ = [name for names in _MODULES.values() for name in names]


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Reasons and scopes. Every process imports this module at start, so it holds nothing else."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reason(TextChoices):
    """Why a session ended, as stored in the event and told to signals, logs and the next page."""

    USER = "user", _("You logged out.")
    ADMIN = "admin", _("An administrator ended your session.")
    COMMAND = "command", _("The operators of this site ended your session.")
    FLUSHED = "flushed", _("This site ended your session.")
    SWITCHED = "switched", _("Another account logged in here.")
    PASSWORD_CHANGED = "password_changed", _("The password of your account was changed.")
    IDLE = "idle", _("You were away for long, so you were logged out.")
    ABSOLUTE_TIMEOUT = "absolute_timeout", _("Your session had reached its greatest age.")
    LIMIT = "limit", _("You logged in on another device, and reached the limit of sessions.")
    LOGIN_REFUSED = (
        "login_refused",
        _("You are logged in on as many devices as is allowed. Log out on one of them first."),
    )
    LOGIN_LAPSED = (
        "login_lapsed",
        _("That login cannot be completed any more, so nobody is logged in. Log in again."),
    )
    DISABLED = "disabled", _("Your account was disabled.")
    DELETED = "deleted", _("Your account was deleted.")
    FACTOR_CHANGED = "factor_changed", _("How you log in to your account was changed.")
    REPORTED = "reported", _("You reported a login that was not yours.")
    EXPIRED = "expired", _("Your session had expired.")
    CUTOFF = "cutoff", _("All earlier sessions were ended.")
    UNKNOWN = "unknown", _("Your session has ended.")


class Scope(StrEnum):
    """Which sessions an ending includes."""

    CURRENT = "current"
    SESSION = "session"
    SESSIONS = "sessions"
    OTHERS = "others"
    USER = "user"
    USERS = "users"
    EVERYONE = "everyone"
    CREDENTIAL = "credential"


#: Kind of the login session of a browser. The other kinds are of tokens, named like their revoker.
SESSION = "session"

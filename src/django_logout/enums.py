"""Reasons and scopes. Every process imports this module at start, so it holds nothing else."""

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reason(TextChoices):
    """Why a session ended, as stored in the event and told to signals, logs and the next page."""

    USER = "user", _("You logged out.")
    REMOTE = "remote", _("You were logged out from another device or browser.")
    EVERYWHERE = "everywhere", _("You logged out everywhere.")
    ADMIN = "admin", _("An administrator ended your session.")
    COMMAND = "command", _("The operators of this site ended your session.")
    FLUSHED = "flushed", _("This site ended your session.")
    SWITCHED = "switched", _("Another account logged in here.")
    PASSWORD_CHANGED = "password_changed", _("Your account password was changed.")
    IDLE = "idle", _("You were logged out because you were inactive.")
    ABSOLUTE_TIMEOUT = "absolute_timeout", _("Your session reached its maximum length.")
    LIMIT = (
        "limit",
        _("You logged in on another device and reached the maximum number of sessions."),
    )
    LOGIN_REFUSED = (
        "login_refused",
        _(
            "You are already logged in on the maximum number of devices. "
            "Log out on one of them first."
        ),
    )
    LOGIN_LAPSED = (
        "login_lapsed",
        _("This login could not be completed. Please log in again."),
    )
    DISABLED = "disabled", _("Your account was disabled.")
    DELETED = "deleted", _("Your account was deleted.")
    FACTOR_CHANGED = "factor_changed", _("The way you log in to your account was changed.")
    REPORTED = "reported", _("You reported a login that was not yours.")
    EXPIRED = "expired", _("Your session expired.")
    RELEASED = "released", _("You stopped acting as another user.")
    PROVIDER = "provider", _("You logged out at the provider of your login.")
    PROVIDER_LOGIN_ENDED = (
        "provider_login_ended",
        _("Your login at its provider has ended. Please log in again."),
    )
    CUTOFF = "cutoff", _("All earlier sessions were ended.")
    ENDED = "ended", _("Your session has ended.")
    UNKNOWN = "unknown", _("Your session has ended.")


#: Endings that users ask for, of sessions of their own.
ASKED_BY_USER = frozenset({Reason.USER, Reason.REMOTE, Reason.EVERYWHERE})


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


#: What has failed to end if a request is identified by other means than its session.
CREDENTIAL = "credential"
#: Kind of the login session of a browser. The other kinds are of tokens, named like their revoker.
SESSION = "session"

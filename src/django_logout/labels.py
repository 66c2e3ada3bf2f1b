"""What administrators read in place of the codes of rows: reasons, scopes, kinds and devices.

The sentences for users, who are told about their own sessions, are the labels of ``Reason``.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language_bidi, pgettext_lazy
from django.utils.translation import gettext as _

from django_logout.enums import SESSION, Reason, Scope

#: Separates browser and system in a row, in every language.
ON = " on "

# The messages have a context because other apps translate such short words differently.
REASONS: Mapping[str, Any] = {
    Reason.USER: pgettext_lazy("django_logout admin", "Logged out"),
    Reason.REMOTE: pgettext_lazy("django_logout admin", "Logged out from another device"),
    Reason.EVERYWHERE: pgettext_lazy("django_logout admin", "Logged out everywhere"),
    Reason.ADMIN: pgettext_lazy("django_logout admin", "Ended by an administrator"),
    Reason.COMMAND: pgettext_lazy("django_logout admin", "Ended by a command"),
    Reason.FLUSHED: pgettext_lazy("django_logout admin", "Ended by the site"),
    Reason.SWITCHED: pgettext_lazy("django_logout admin", "Another account logged in"),
    Reason.PASSWORD_CHANGED: pgettext_lazy("django_logout admin", "Password changed"),
    Reason.IDLE: pgettext_lazy("django_logout admin", "Inactive"),
    Reason.ABSOLUTE_TIMEOUT: pgettext_lazy("django_logout admin", "Maximum length reached"),
    Reason.LIMIT: pgettext_lazy("django_logout admin", "Too many sessions"),
    Reason.LOGIN_REFUSED: pgettext_lazy("django_logout admin", "Login refused"),
    Reason.LOGIN_LAPSED: pgettext_lazy("django_logout admin", "Login not completed"),
    Reason.DISABLED: pgettext_lazy("django_logout admin", "Account disabled"),
    Reason.DELETED: pgettext_lazy("django_logout admin", "Account deleted"),
    Reason.FACTOR_CHANGED: pgettext_lazy("django_logout admin", "Login method changed"),
    Reason.REPORTED: pgettext_lazy("django_logout admin", "Reported by the user"),
    Reason.EXPIRED: pgettext_lazy("django_logout admin", "Expired"),
    Reason.RELEASED: pgettext_lazy("django_logout admin", "Impersonation ended"),
    Reason.PROVIDER: pgettext_lazy("django_logout admin", "Logged out at the provider"),
    Reason.PROVIDER_LOGIN_ENDED: pgettext_lazy(
        "django_logout admin", "Login at the provider ended"
    ),
    Reason.CUTOFF: pgettext_lazy("django_logout admin", "All earlier sessions ended"),
    Reason.ENDED: pgettext_lazy("django_logout admin", "Ended"),
    Reason.UNKNOWN: pgettext_lazy("django_logout admin", "Unknown"),
}
SCOPES: Mapping[str, Any] = {
    Scope.CURRENT: pgettext_lazy("django_logout admin", "The current session"),
    Scope.SESSION: pgettext_lazy("django_logout admin", "One session"),
    Scope.SESSIONS: pgettext_lazy("django_logout admin", "Several sessions"),
    Scope.OTHERS: pgettext_lazy("django_logout admin", "The user's other sessions"),
    Scope.USER: pgettext_lazy("django_logout admin", "All sessions of one user"),
    Scope.USERS: pgettext_lazy("django_logout admin", "All sessions of several users"),
    Scope.EVERYONE: pgettext_lazy("django_logout admin", "All sessions of all users"),
    Scope.CREDENTIAL: pgettext_lazy("django_logout admin", "One token"),
}
#: The kinds of sessions and credentials that this package knows.
KINDS: Mapping[str, Any] = {
    SESSION: pgettext_lazy("django_logout admin", "Browser session"),
    "channels": pgettext_lazy("django_logout admin", "WebSocket"),
    "cookie": pgettext_lazy("django_logout admin", "Cookie"),
    "drf_token": pgettext_lazy("django_logout admin", "API token"),
    "knox_token": pgettext_lazy("django_logout admin", "API token (Knox)"),
    "oauth_token": pgettext_lazy("django_logout admin", "Connected app (OAuth)"),
    "simplejwt": pgettext_lazy("django_logout admin", "App login (JSON web token)"),
}


def reason_label(reason: str) -> str:
    """Return the label of a reason. One of the project's own is returned as it is."""
    return str(REASONS.get(reason, reason))


def scope_label(scope: str) -> str:
    """Return the label of a scope."""
    return str(SCOPES.get(scope, scope))


def kind_label(kind: str) -> str:
    """Return the label of a kind. One of the project's own is returned as it is."""
    return str(KINDS.get(kind, kind))


def isolate(text: str) -> str:
    """Return a name for use within other text: the words around it stay in order also where the
    language reads from right to left and the name does not."""
    return f"\u2068{text}\u2069" if get_language_bidi() else text


def device_label(device: str) -> str:
    """Translate a device, as a row holds it, into the current language."""
    browser, on, system = device.partition(ON)
    if not on:
        return device
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}

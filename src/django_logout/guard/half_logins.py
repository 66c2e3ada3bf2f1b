"""Logins of which only the first part is proved, such as the password before the second factor.

Apps keep them in the anonymous session of the browser, each in its own way. A proof that is older
than the newest ending of all of its user's sessions does not count: they may have been ended
because someone else knows the password.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: The key of the session's data that holds since when it has had what may be half a login.
SEEN_KEY = "_django_logout_half"
#: Names of what may be one, and of a number in it that may be the key of a user.
_HALF = re.compile(
    "login|user|auth|otp|mfa|2fa|tfa|factor|verif|pending|challenge|passkey|sms|sso|uid|member|account",
    re.IGNORECASE,
)
_OWNER = re.compile(
    "user|uid|member|account|(login|mfa|2fa|tfa|pending)$|(^|_)(id|pk)$", re.IGNORECASE
)
#: How names begin under which Django and this package keep what is none.
_OTHERS = ("_auth_user_", "_django_logout_")
#: Where apps note the time of the first part, in seconds since the epoch: django-allauth and
#: django-two-factor-auth.
_TIMES = ("initiated_at", "authentication_time")


def select_half_logins(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be half a login, and when each was seen first, of an anonymous session."""
    names = [name for name in data if not str(name).startswith(_OTHERS)]
    found = {name: data[name] for name in names if _HALF.search(str(name))}
    if found and SEEN_KEY in data:
        found[SEEN_KEY] = data[SEEN_KEY]
    return found


def note_half_logins(data: dict[str, Any], opened: float) -> None:
    """Note in an anonymous session, before it is saved, since when it has had each of them.

    ``opened`` is when this session was opened, before it got what it did not have. When it is saved
    would be too late: all sessions of the user may have ended in between.
    """
    before = data.pop(SEEN_KEY, None)
    known = before if isinstance(before, dict) else {}
    if found := select_half_logins(data):
        data[SEEN_KEY] = {
            name: _noted_at(value, known.get(name), opened) for name, value in found.items()
        }


def _noted_at(value: Any, noted: Any, opened: float) -> Any:
    """Return since when the session has had one.

    If an app notes the time of the proof in whole seconds, return that time, too, and the part of
    the second. Saving the session again does not renew it.
    """
    given = _given_time(value)
    if not isinstance(given, int):
        return opened if noted is None else noted
    if isinstance(noted, list) and noted[:1] == [given]:
        return noted
    return [given, max(opened, given) if opened < given + 1 else given]


def names_of_user(stored: Mapping[str, Any], user: Any) -> list[str]:
    """Return the names of those that are of this user."""
    known = (user.pk, user.get_username(), getattr(user, "email", "") or user.pk)
    texts = {str(text).casefold() for text in known}
    names = (name for name in stored if name != SEEN_KEY)
    return [name for name in names if _names_user(name, stored[name], texts)]


def proved_at(stored: Mapping[str, Any], user: Any) -> float | None:
    """Return when the oldest half login of this user was proved, in seconds since the epoch.

    ``None`` is returned if there is none. One whose time is unknown is as old as can be.
    """
    seen = stored.get(SEEN_KEY)
    known = seen if isinstance(seen, dict) else {}
    times = (_time_in(stored[name], known.get(name, 0)) for name in names_of_user(stored, user))
    return min(times, default=None)


def _names_user(name: str, value: Any, texts: set[str]) -> bool:
    for leaf_name, leaf in _leaves(name, value):
        may_be_key = isinstance(leaf, str) or bool(_OWNER.search(leaf_name))
        if may_be_key and not isinstance(leaf, bool) and str(leaf).casefold() in texts:
            return True
    return False


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from _leaves(str(inner), each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(name, each)
    else:
        yield name, value


def _time_in(value: Any, noted: Any) -> float:
    given = _given_time(value)
    if isinstance(given, int) and isinstance(noted, list) and noted[:1] == [given]:
        return float(noted[-1])
    times = [at for at in (given, noted) if isinstance(at, int | float)]
    return float(times[0]) if times else 0.0


def _given_time(value: Any) -> float | None:
    """Return the time that an app has noted, if it has."""
    given = [value.get(name) for name in _TIMES] if isinstance(value, Mapping) else []
    return next((at for at in given if isinstance(at, int | float)), None)

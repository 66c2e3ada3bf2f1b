"""Is ``LOGOUT`` a dict, with keys we know, of the right types, that mean something?"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_type_hints

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags

from django_logout.conf import SETTING_NAMES, LogoutSettings
from django_logout.guard.store import LOGIN_KEYS
from django_logout.operations.checks.imports import is_a
from django_logout.operations.checks.ours import register
from django_logout.operations.checks.setting_types import describe, matches
from django_logout.responses.base import Responder
from django_logout.revokers.base import Revoker


@register(Tags.security)
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """``LOGOUT``: a dict, with keys we know, of the right types, that mean something."""
    given = getattr(settings, "LOGOUT", None) or {}
    if not isinstance(given, Mapping):
        sentence = f"LOGOUT is a {type(given).__name__}, not a dict, and is ignored."
        hint = 'Write it as a dict, as in LOGOUT = {"KEEP_SESSION_KEYS": ["cart"]}.'
        return [Error(sentence, hint=hint, id="django_logout.E030")]
    found = [_unknown(str(key)) for key in given if key not in SETTING_NAMES]
    hints = get_type_hints(LogoutSettings)
    wrong = {key for key in given if key in SETTING_NAMES and not matches(given[key], hints[key])}
    for key in sorted(wrong):
        words, example = describe(hints[key])
        sentence = f'LOGOUT["{key}"] is {given[key]!r}, which is not {words}.'
        hint = f'Write LOGOUT = {{"{key}": {example}}}.'
        found.append(Error(sentence, hint=hint, id="django_logout.E032"))
    for key, kind in (("RESPONDERS", Responder), ("REVOKERS", Revoker)):
        paths = () if key in wrong else given.get(key) or ()
        found += [_no_plug_in(key, path, kind) for path in paths if not is_a(path, kind)]
    if given.get("RESPONDERS", True) in ([], ()):
        sentence = 'LOGOUT["RESPONDERS"] is empty, so nobody could be answered.'
        hint = 'Take "RESPONDERS" out of LOGOUT; then the default applies.'
        found.append(Error(sentence, hint=hint, id="django_logout.E035"))
    kept = () if "KEEP_SESSION_KEYS" in wrong else given.get("KEEP_SESSION_KEYS", ())
    for key in [key for key in kept if key in LOGIN_KEYS]:
        sentence = (
            f'LOGOUT["KEEP_SESSION_KEYS"] names "{key}", which is what makes a session signed in.'
        )
        hint = f'Take "{key}" out of LOGOUT["KEEP_SESSION_KEYS"].'
        found.append(Error(sentence, hint=hint, id="django_logout.E034"))
    return found


#: Words that people try, among them earlier names of ours, and what the setting is called.
RENAMED = {
    "ANSWERS": "RESPONDERS",
    "API_KEYS": "EXEMPT_CREDENTIALS",
    "AT_LIMIT": "ON_MAX_SESSIONS",
    "CACHE": "CACHE_ALIAS",
    "COOKIES": "DELETE_COOKIES",
    "KEEP": "KEEP_SESSION_KEYS",
    "MAX_AGE": "ABSOLUTE_TIMEOUT",
    "TOUCH_INTERVAL": "LAST_SEEN_INTERVAL",
}


def _unknown(key: str) -> CheckMessage:
    close = [RENAMED[key]] if key in RENAMED else get_close_matches(key.upper(), SETTING_NAMES, n=1)
    known = (
        f'Did you mean "{close[0]}"?' if close else f"There are {', '.join(sorted(SETTING_NAMES))}."
    )
    hint = f'{known} Otherwise take "{key}" out of LOGOUT.'
    return Error(f'LOGOUT["{key}"] is unknown, and is ignored.', hint=hint, id="django_logout.E031")


def _no_plug_in(key: str, path: str, kind: type) -> CheckMessage:
    sentence = f'LOGOUT["{key}"] names "{path}", which is no {kind.__name__} that can be imported.'
    hint = f'Write the dotted path of a class that extends "{kind.__module__}.{kind.__name__}".'
    return Error(sentence, hint=hint, id="django_logout.E033")

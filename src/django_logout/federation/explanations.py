"""What users are told about a session that ended at its provider."""

from typing import Any

from django.db import Error
from django.http import HttpRequest
from django.utils.translation import gettext as _

from django_logout.federation import links, providers
from django_logout.guard.install import state_of
from django_logout.sessions import registry


def explain_provider_logout(request: HttpRequest | None) -> Any:
    """Return the sentence that names the provider, or ``None`` if it is unknown."""
    name = _provider_name(request)
    return _("You logged out at %(provider)s.") % {"provider": name} if name else None


def explain_provider_login_ended(request: HttpRequest | None) -> Any:
    """Return the sentence that names the provider, or ``None`` if it is unknown."""
    name = _provider_name(request)
    return _("Your login at %(provider)s has ended.") % {"provider": name} if name else None


def _provider_name(request: HttpRequest | None) -> str:
    """Return the only provider of the project, or that of the session that was refused."""
    known = list(providers.configured().values())
    if len(known) == 1:
        return known[0].title
    if request is None:
        return ""
    state = state_of(request)
    try:
        if state.refused is not None:
            session_id = state.refused[0].id
        elif state.key and (row := registry.find_ended(key=state.key)):
            session_id = row.pk
        else:
            return ""
        return links.titles([session_id]).get(session_id, "")
    except Error:
        return ""  # The page is shown without a database, too.

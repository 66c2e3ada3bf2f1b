"""Send a browser on to the provider, so that the user logs out there too.

OpenID Connect RP-Initiated Logout 1.0. The destination is found before the session ends, since what
is sent belongs to the session. The session has ended before the browser leaves: the provider may
never send it back.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from django_logout.federation import links, metadata, providers
from django_logout.federation.models import ProviderLink
from django_logout.federation.providers import Provider
from django_logout.federation.sealing import unseal
from django_logout.utils.cookies import Note
from django_logout.utils.redirects import reverse_here

#: The cookie that binds the return from a provider to the browser.
COOKIE = "django_logout_state"
#: How long a browser may stay at the provider, in seconds.
MAX_AGE = 600
STATE = Note(COOKIE, MAX_AGE, "django_logout.federation.state")
#: The form field with which users choose, and the value with which they stay logged in there.
FIELD, NO = "provider", "no"

#: The parameter with the ID token.
HINT = "id_token_hint"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDestination:
    """The logout page of a provider (see :class:`django_logout.hooks.Destination`)."""

    url: str = ""
    form_url: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    warning: Any = ""
    cookie: Mapping[str, str] = field(default_factory=dict)

    def keep(self, request: HttpRequest, response: HttpResponse) -> None:
        """Set the cookie by which the return is recognized."""
        if self.cookie:
            STATE.keep(request, response, dict(self.cookie))


class Return(NamedTuple):
    """A browser that has come back from a provider."""

    provider: str = ""
    "The name of the provider, if the browser was sent there from here."
    next_url: str = ""
    "Where the user was going."


def find_destination(
    request: HttpRequest, next_url: Callable[[], str]
) -> ProviderDestination | None:
    """Return the logout page of the provider of the request's session, or ``None``."""
    found = _find_login(request)
    if found is None:
        return None
    link, provider = found
    endpoint = ""
    if request.POST.get(FIELD) != NO:
        endpoint = end_session_endpoint(provider)
    if not endpoint:
        warning = _("You are still logged in at %(provider)s.") % {"provider": provider.title}
        return ProviderDestination(warning=warning)
    fields, cookie = build_request(request, provider, link, next_url())
    by_form = provider.LOGOUT_METHOD == "post"
    # Clients that take a URL only, such as scripts, get it without the token then.
    shown = {name: value for name, value in fields.items() if not (by_form and name == HINT)}
    return ProviderDestination(
        url=_with_query(endpoint, shown),
        form_url=endpoint if by_form else "",
        fields=fields,
        cookie=cookie,
    )


def ask_about_provider(request: HttpRequest) -> str:
    """Return the name of the provider, if the user may choose to stay logged in there."""
    found = _find_login(request)
    return found[1].title if found is not None and found[1].CHOICE else ""


def _find_login(request: HttpRequest) -> tuple[ProviderLink, Provider] | None:
    """Return the newest login of the session at a provider, if that is still configured."""
    link = links.of(request)
    provider = providers.configured().get(link.provider) if link is not None else None
    return None if link is None or provider is None else (link, provider)


def end_session_endpoint(provider: Provider) -> str:
    """Return the URL of the provider's logout page; ``""`` if it has none, or none that is safe."""
    if provider.END_SESSION_ENDPOINT:
        return provider.END_SESSION_ENDPOINT
    found = metadata.find_document(provider).get("end_session_endpoint")
    schemes = {"https", "http"} if provider.is_trusted_network else {"https"}
    return found if isinstance(found, str) and _is_url(found, schemes) else ""


def build_request(
    request: HttpRequest, provider: Provider, link: ProviderLink, next_url: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the fields of the request to the provider, and what to keep for the return."""
    id_token = unseal(link.id_token)
    fields = {HINT: id_token} if id_token else {}
    fields["client_id"] = provider.CLIENT_ID
    if not id_token and link.sid:
        fields["logout_hint"] = link.sid
    back, cookie = provider.POST_LOGOUT_REDIRECT_URI, {}
    if back:
        fields[provider.RETURN_PARAMETER] = back
        if _is_ours(request, back):
            state = get_random_string(32)
            fields["state"] = state
            cookie = {"state": state, "provider": provider.title, "next": next_url}
    if language := get_language():
        fields["ui_locales"] = language
    return fields, cookie


def read_return(request: HttpRequest) -> Return:
    """Return what is known of a browser that comes back. Any other request is no error: to have
    logged out can be said again."""
    kept = STATE.read(request)
    if kept is None or not constant_time_compare(kept["state"], request.GET.get("state", "")):
        return Return()
    return Return(kept["provider"], kept["next"])


def _is_ours(request: HttpRequest, url: str) -> bool:
    """Return whether a URL is that of the view that takes the state."""
    path = reverse_here(request, "logout_signed_out")
    return bool(path) and url == request.build_absolute_uri(path)


def _is_url(text: str, schemes: Collection[str]) -> bool:
    """Return whether a browser can be sent to what a provider publishes."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises ValueError
    except ValueError:
        return False
    is_clean = text.isprintable() and " " not in text
    return is_clean and parts.scheme in schemes and bool(parts.hostname)


def _with_query(endpoint: str, fields: Mapping[str, str]) -> str:
    url, _, _ = endpoint.partition("#")
    return f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"

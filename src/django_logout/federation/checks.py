"""Checks for ``LOGOUT["PROVIDERS"]``. Those of ``--deploy`` ask the providers."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from django_logout.conf import as_timedelta, logout_settings
from django_logout.federation import providers
from django_logout.federation.fetch import FetchFailed, fetch_json
from django_logout.federation.providers import KEYS, PRESETS, Provider
from django_logout.operations.checks.setting_types import describe, matches

#: Algorithms with a public key, which the provider alone can sign with.
ASYMMETRIC = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
SYMMETRIC = frozenset({"HS256", "HS384", "HS512"})
#: The module whose view leads clients of allauth.headless on to the provider.
HEADLESS_URLS = "django_logout.contrib.headless_urls"


def security_checks(**kwargs: Any) -> list[CheckMessage]:
    """Run the checks that need only the settings."""
    given = logout_settings().PROVIDERS
    if not matches(given, Mapping[str, Mapping[str, Any]]):
        return []  # django_logout.E032 reports it.
    found = [*_check_order(), *(_check_headless() if given else ())]
    for alias, keys in given.items():
        wrong = [*_check_keys(alias, keys)]
        found += wrong or [*_check_provider(providers.configured()[alias])]
    return found


def deploy_checks(**kwargs: Any) -> list[CheckMessage]:
    """Ask each provider whether it publishes what a logout needs."""
    if security_checks():
        return []
    return [each for provider in providers.configured().values() for each in _ask(provider)]


def _check_order() -> Iterator[CheckMessage]:
    names = [app for app in settings.INSTALLED_APPS if app.startswith("django_logout")]
    if names and names[0].startswith("django_logout.federation"):
        yield Error(
            '"django_logout.federation" stands before "django_logout", so a login would be linked '
            "before it is registered.",
            hint='In INSTALLED_APPS, put "django_logout" before "django_logout.federation".',
            id="django_logout.E101",
        )


def _check_headless() -> Iterator[CheckMessage]:
    """Check that a logout by allauth's API says where the provider's logout page is."""
    if not apps.is_installed("allauth.headless"):
        return
    for client in ("browser", "app"):
        try:
            view = resolve(reverse(f"headless:{client}:account:current_session")).func
        except (NoReverseMatch, Resolver404):
            continue
        classes = getattr(view, "view_class", object).__mro__
        if HEADLESS_URLS not in {each.__module__ for each in classes}:
            yield Warning(
                f'The logout of allauth.headless for the client "{client}" does not lead on to the '
                "provider, so users stay logged in there.",
                hint=f'Before the URLs of allauth, write path("_allauth/", include("{HEADLESS_URLS}")).',
                id="django_logout.W115",
            )


def _check_keys(alias: str, given: Mapping[str, Any]) -> Iterator[CheckMessage]:
    where = f'LOGOUT["PROVIDERS"]["{alias}"]'
    for key in [str(key) for key in given if key not in KEYS]:
        close = get_close_matches(key.upper(), KEYS)
        known = f"There are {', '.join(sorted(KEYS))}."
        yield Error(
            f'{where} has the unknown key "{key}".',
            hint=f'Did you mean "{close[0]}"?' if close else known,
            id="django_logout.E102",
        )
    hints = get_type_hints(Provider)
    for key in sorted(KEYS & given.keys()):
        if not matches(given[key], hints[key]):
            words, example = describe(hints[key])
            shown = "a value" if "SECRET" in key else repr(given[key])
            yield Error(
                f'{where}["{key}"] is {shown}, which is not {words}.',
                hint=f'Write "{key}": {example}.',
                id="django_logout.E103",
            )
    for key in ("ISSUER", "CLIENT_ID"):
        if not given.get(key):
            yield Error(
                f"{where} has no {key}.",
                hint=f'Write "{key}" as the provider shows it where this site is registered.',
                id="django_logout.E104",
            )
    if (preset := given.get("PRESET")) and preset not in PRESETS:
        yield Error(
            f'{where}["PRESET"] is {preset!r}, which is unknown.',
            hint=f"Write one of {', '.join(PRESETS)}, or leave it out.",
            id="django_logout.E105",
        )


def _check_provider(provider: Provider) -> Iterator[CheckMessage]:
    where = f'LOGOUT["PROVIDERS"]["{provider.alias}"]'
    unknown = [name for name in provider.ALGORITHMS if name not in ASYMMETRIC | SYMMETRIC]
    if unknown or not provider.ALGORITHMS:
        yield Error(
            f'{where}["ALGORITHMS"] names {", ".join(unknown) or "none"}, by which nothing can be '
            "proved.",
            hint='Write the algorithm that is registered at the provider, such as ["RS256"].',
            id="django_logout.E106",
        )
    if SYMMETRIC.intersection(provider.ALGORITHMS) and not provider.CLIENT_SECRET:
        yield Error(
            f"{where} accepts tokens that are signed with the client's secret, and has none.",
            hint='Write "CLIENT_SECRET", or remove HS256 from "ALGORITHMS".',
            id="django_logout.E107",
        )
    yield from _check_urls(provider, where)
    if provider.RECHECK and as_timedelta(provider.RECHECK) < timedelta(minutes=1):
        yield Warning(
            f'{where}["RECHECK"] is shorter than a minute, so almost every request asks the provider.',
            hint='Write a longer time, such as "RECHECK": timedelta(minutes=10).',
            id="django_logout.W116",
        )
    if not provider.POST_LOGOUT_REDIRECT_URI:
        yield Warning(
            f"{where} has no POST_LOGOUT_REDIRECT_URI, so users stay on the provider's page after "
            "they have logged out.",
            hint="Register a page of this site at the provider, and write its URL, such as "
            f'"https://example.com{_return_path()}".',
            id="django_logout.W109",
        )


def _check_urls(provider: Provider, where: str) -> Iterator[CheckMessage]:
    for key in ("ISSUER", "END_SESSION_ENDPOINT", "JWKS_URI", "POST_LOGOUT_REDIRECT_URI"):
        url = getattr(provider, key)
        if not url:
            continue
        parts = urlsplit(url)
        allowed = {"https", "http"} if provider.is_trusted_network else {"https"}
        if parts.scheme not in allowed or not parts.netloc or parts.fragment:
            yield Error(
                f'{where}["{key}"] is {url!r}, which is no HTTPS URL.',
                hint='Write a URL that begins with "https://", or "ALLOW_PRIVATE": True in a '
                "network that you trust.",
                id="django_logout.E108",
            )
    logout_page = provider.END_SESSION_ENDPOINT or provider.ISSUER
    for name, sources in _form_actions():
        if not _allows(sources, logout_page):
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(logout_page))
            yield Warning(
                f"{name} lets forms lead to {' '.join(sources) or 'nowhere'}, so browsers do not "
                f"go on to {provider.alias} when a user logs out.",
                hint=f'Add "{origin}" to its "form-action", or the origin of the provider\'s logout '
                "page, if that is another.",
                id="django_logout.W118",
            )


def _form_actions() -> Iterator[tuple[str, list[str]]]:
    """Yield where forms may lead by each Content Security Policy of the settings that says so.

    Browsers apply it to the redirects after a form, too. It has no default.
    """
    django_csp: Any = getattr(settings, "CONTENT_SECURITY_POLICY", None) or {}
    policies = {
        "SECURE_CSP": getattr(settings, "SECURE_CSP", None) or {},  # Django 6.0 and later
        "CONTENT_SECURITY_POLICY": django_csp.get("DIRECTIVES") or {},  # django-csp
    }
    for name, policy in policies.items():
        given = policy.get("form-action")
        if given is not None and given is not False:
            yield name, [str(each) for each in ([given] if isinstance(given, str) else given)]


def _allows(sources: list[str], url: str) -> bool:
    """Return whether a list of sources has one for a URL (CSP Level 3, section 6.7.2)."""
    target = urlsplit(url)
    for source in sources:
        scheme, _, rest = source.rpartition("://")
        host = rest.partition("/")[0]
        if source in {"*", f"{target.scheme}:"}:
            return True
        if scheme in {"", target.scheme} and (
            host == target.netloc or (host[:2] == "*." and target.netloc.endswith(host[1:]))
        ):
            return True
    return False


def _return_path() -> str:
    try:
        return reverse("logout_signed_out")
    except NoReverseMatch:
        return "/signed-out/"


def _ask(provider: Provider) -> Iterator[CheckMessage]:
    where = f'LOGOUT["PROVIDERS"]["{provider.alias}"]'
    if provider.ALLOW_PRIVATE:
        yield Warning(
            f"{where} accepts plain HTTP and private addresses.",
            hint='Remove "ALLOW_PRIVATE", unless the provider is in a network that you trust.',
            id="django_logout.W110",
        )
    url = f"{provider.ISSUER.rstrip('/')}/.well-known/openid-configuration"
    try:
        document = fetch_json(url, trusted_network=provider.is_trusted_network)
    except FetchFailed as error:
        yield Warning(
            f"{where}: what the provider publishes could not be read. {error}",
            hint='Check "ISSUER", and whether this machine reaches the provider.',
            id="django_logout.W111",
        )
        return
    if document.get("issuer") != provider.ISSUER:
        yield Error(
            f'{where}["ISSUER"] is not what the provider calls itself, so none of its tokens is '
            "accepted.",
            hint=f'Write "ISSUER": {str(document.get("issuer"))[:200]!r}.',
            id="django_logout.E112",
        )
    if not (provider.END_SESSION_ENDPOINT or document.get("end_session_endpoint")):
        yield Warning(
            f"{where}: the provider has no logout page, so users stay logged in there.",
            hint="Nothing to do here: users are told.",
            id="django_logout.W113",
        )
    endpoint = {"refresh_token": "token_endpoint"}.get(provider.RECHECK_BY, "userinfo_endpoint")
    if provider.RECHECK and not document.get(endpoint):
        yield Warning(
            f"{where}: the provider publishes no {endpoint}, so it cannot be asked whether a login "
            "still stands.",
            hint='Write another "RECHECK_BY", or remove "RECHECK".',
            id="django_logout.W117",
        )
    if not document.get("backchannel_logout_supported"):
        yield Warning(
            f"{where}: the provider does not say that it reports logouts (back-channel).",
            hint="If it does all the same, register the URL of logout_backchannel there.",
            id="django_logout.W114",
        )

"""``manage.py logout provider``: what a provider publishes, and what this site makes of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_logout.federation import metadata, providers, rp_initiated
from django_logout.federation.providers import Provider
from django_logout.management.output import UsageError, write_json

HELP = (
    "Show what a provider of LOGOUT['PROVIDERS'] publishes beside our settings, and what is sent to "
    "it and accepted from it."
)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("alias", help="the provider's key in LOGOUT['PROVIDERS']")


def handle(command: BaseCommand, **options: Any) -> None:
    """Ask the provider, unless that was done a moment ago, and print what is known."""
    known = providers.configured()
    alias = options["alias"]
    if alias not in known:
        names = ", ".join(known) or "none"
        raise UsageError(f"No provider is called {alias!r}. There are: {names}.")
    facts = _describe(known[alias])
    if options["json"]:
        write_json(command, facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
        shown = {True: "yes", False: "no", None: "unknown", "": "-"}.get(shown, shown)
        command.stdout.write(f"{name:<{width}}  {shown}")


def _describe(provider: Provider) -> dict[str, Any]:
    row = metadata.refresh(provider)
    document: dict[str, Any] = dict(row.document) if row else {}
    endpoint = rp_initiated.end_session_endpoint(provider)
    sent = ["client_id", "ui_locales"]
    if provider.POST_LOGOUT_REDIRECT_URI:
        sent.append(provider.RETURN_PARAMETER)
    return {
        "issuer": provider.ISSUER,
        "issuer it calls itself": document.get("issuer"),
        "fetched": row.fetched_at.isoformat() if row and row.fetched_at else "never",
        "logout page": endpoint,
        "sent there": [*sent, "id_token_hint, if the login's library keeps the ID token"],
        "sent by": provider.LOGOUT_METHOD,
        "comes back to": provider.POST_LOGOUT_REDIRECT_URI,
        "reports logouts (back-channel)": document.get("backchannel_logout_supported"),
        "names sessions (back-channel)": document.get("backchannel_logout_session_supported"),
        "reports logouts (front-channel)": document.get("frontchannel_logout_supported"),
        "asked again": f"by {provider.RECHECK_BY}, fails {provider.RECHECK_FAILS}"
        if provider.RECHECK
        else "never",
        "keys": [str(key.get("kid")) for key in (row.keys if row else [])],
        "signs with": document.get("id_token_signing_alg_values_supported") or [],
        "accepted algorithms": list(provider.ALGORITHMS),
        "accepted without exp": provider.TOKENS_WITHOUT_EXP,
        "type logout+jwt required": provider.REQUIRE_TYP,
    }

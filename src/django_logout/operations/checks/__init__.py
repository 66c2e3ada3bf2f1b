"""System checks. Each message has an id, a sentence, and a hint that says what to type.

The checks query no database and no cache. They raise nothing: what Django reports itself, such as a
URLconf or a middleware that cannot be imported, is left to Django. ``docs/checks.md`` lists them.
"""

from typing import Any

from django.core.checks import CheckMessage

from django_logout.operations.checks import (
    allauth,
    browser,
    credentials,
    engine,
    impersonation,
    jwt,
    middleware,
    policies,
    settings,
    urls,
)


def security_checks(**kwargs: Any) -> list[CheckMessage]:
    """Run the checks that need only the settings."""
    return [
        *middleware.check_middleware(),
        *middleware.check_identifying_middleware(),
        *engine.check_engine(),
        *engine.check_user_database(),
        *engine.check_replicas(),
        *settings.check_settings(),
        *settings.check_cookies(),
        *settings.check_proxies(),
        *policies.check_durations(),
        *policies.check_expiry(),
        *browser.check_site_data(),
        *browser.check_cookie_prefix(),
        *browser.check_partitioned_cookie(),
        *browser.check_witness(),
        *credentials.check_credentials(),
        *jwt.check_tokens(),
        *allauth.check_adapter(),
        *allauth.check_logout_on_get(),
        *allauth.check_headless(),
    ]


def url_checks(**kwargs: Any) -> list[CheckMessage]:
    """Run the checks that need the URLconf. Django skips these for most of its commands."""
    patterns = urls.find_patterns()
    if patterns is None:
        return []
    return [
        *urls.check_logout_url(patterns),
        *urls.check_redirects(),
        *urls.check_pages(patterns),
        *policies.check_passive_urls(patterns),
        *allauth.check_same_prefix(patterns),
        *impersonation.check_impersonation(patterns),
    ]

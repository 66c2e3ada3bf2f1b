"""Content Security Policy: nothing inline, and a nonce on all there is where the project has one."""

from typing import Any

import django
import pytest
from csp.constants import NONCE, SELF
from django.conf import settings as project
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.exceptions import SessionNotEnded
from django_logout.notifications.report import make_token
from tests.clients import LOGOUT, Page
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

MIDDLEWARE = {
    "django-csp": "csp.middleware.CSPMiddleware",
    "django": "django.middleware.csp.ContentSecurityPolicyMiddleware",
}


@pytest.fixture(params=MIDDLEWARE)
def policy(request: pytest.FixtureRequest, settings: Any) -> None:
    """Scripts are allowed by nonce alone."""
    if request.param == "django" and django.VERSION < (6, 0):
        pytest.skip("Django has its own from 6.0 on")
    settings.MIDDLEWARE = [MIDDLEWARE[request.param], *settings.MIDDLEWARE]
    if request.param == "django":
        from django.utils.csp import CSP

        settings.SECURE_CSP = {"default-src": [CSP.SELF], "script-src": [CSP.NONCE]}
    else:
        rules = {"default-src": [SELF], "script-src": [NONCE]}
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": rules}


def failing(request: HttpRequest) -> HttpResponse:
    """An ending that cannot be promised."""
    raise SessionNotEnded


PAGES = {
    "question": LOGOUT,
    "everywhere": "/accounts/sessions/end-all/",
    "sessions": "/accounts/sessions/",
    "not ended": OUT,
    "report": "/accounts/sessions/not-me/{token}/",
    "no report": "/accounts/sessions/not-me/rubbish/",
    "goodbye": LOGOUT,
    "ended": "/private/",
}


@pytest.mark.parametrize("name", PAGES)
def test_all_that_is_loaded_has_the_nonce_of_the_policy(
    policy: None, ann: Client, user: Any, settings: Any, name: str
) -> None:
    """And nothing stands in the page itself: no script, no style, no handler."""
    settings.ROOT_URLCONF = routes(failing)
    settings.LOGOUT = {"RESPONDERS": ["django_logout.responses.html.HtmlResponder"]}
    if name in {"goodbye", "ended"}:
        end_sessions(Target.user(user))

    response = ann.get(PAGES[name].format(token=make_token(user, timezone.now())))

    page, sent = Page(response), response.headers["Content-Security-Policy"]
    scripts, styles = page.all("script"), page.all("link")
    assert scripts
    assert styles
    for element in scripts + styles:
        assert element["nonce"]
        assert f"'nonce-{element['nonce']}'" in sent
        assert str(element.get("src") or element.get("href")).startswith(
            f"/{project.STATIC_URL.strip('/')}/"
        )
    assert not page.all("style")
    for _, attributes in page.elements:
        assert not [each for each in attributes if each == "style" or each.startswith("on")]


def test_without_a_nonce_there_is_none(ann: Client) -> None:
    """An empty one would be wrong."""
    assert b"nonce" not in ann.get(LOGOUT).content

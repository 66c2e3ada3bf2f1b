"""How a session is shown: when it was used, in words and exactly; what is new; which icon."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.models import LoginSession
from django_logout.sessions import timeouts
from django_logout.types import Credential
from django_logout.web.session_rows import RowsOfPage, group_key
from tests.clients import FIREFOX, IPHONE, SESSIONS, browser

pytestmark = pytest.mark.django_db

PIXEL = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
)


def rows_of_page(user: Any, **fields: Any) -> RowsOfPage:
    """Return what a page of this user knows."""
    return RowsOfPage(limits=timeouts.limits_for(logout_settings(), user, None), **fields)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "now"),  # The clock of another server is ahead.
        (59, "now"),
        (61, "1\xa0minute ago"),
        (3 * 3600 + 59, "3\xa0hours ago"),
        (13 * 86400, "1\xa0week ago"),  # One unit, which fits into a line.
    ],
)
def test_a_time_is_told_in_one_unit(user: Any, seconds: int, text: str) -> None:
    """The exact time goes with it."""
    page = rows_of_page(user)
    at = page.now - timedelta(seconds=seconds)

    assert page.since(at) == (at, text)
    assert page.since(None) is None


def test_the_page_has_the_exact_time_with_the_words(user: Any) -> None:
    """For programs in ``datetime``, for people in ``title``."""
    here = browser(user)
    used = timezone.now() - timedelta(hours=3)
    LoginSession.objects.create(
        user=user, last_seen_at=used, expires_at=timezone.now() + timedelta(days=13)
    )
    html = here.get(SESSIONS).content.decode()

    assert f'<time datetime="{timezone.localtime(used).isoformat()[:19]}' in html
    assert ">3\xa0hours ago</time>" in html
    assert "in 1\xa0week" in html


def test_a_login_of_the_last_day_is_new(user: Any) -> None:
    """An older one is not, and neither is one of unknown age."""
    page = rows_of_page(user)
    later = page.now + timedelta(1)
    for hours, is_new in ((23, True), (25, False)):
        begun = page.now - timedelta(hours=hours)
        row = LoginSession.objects.create(user=user, created_at=begun, expires_at=later)
        assert page.show(row)["is_new"] is is_new
    token = Credential(id=row.pk, kind="card", label="A card")
    assert page.show(token)["is_new"] is False


@pytest.mark.parametrize(
    ("fields", "icon"),
    [
        ({"user_agent": FIREFOX}, "computer"),
        ({"user_agent": IPHONE}, "phone"),
        ({"user_agent": PIXEL}, "phone"),
        ({"user_agent": PIXEL.replace(" Mobile", "")}, "tablet"),
        ({"user_agent": "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Mobile/15E148"}, "tablet"),
        ({"user_agent": "curl/8.9"}, "app"),
        ({"device": "Safari on macOS"}, "computer"),
        ({"user_agent": ""}, "device"),
        ({"user_agent": "Mozilla/5.0"}, "device"),
        ({"user_agent": PIXEL, "kind": "jwt"}, "app"),
        ({"user_agent": PIXEL, "kind": "api"}, "key"),
    ],
)
def test_each_kind_of_device_has_an_icon(user: Any, fields: Any, icon: str) -> None:
    """By its user agent; the login of an app and a key have their own."""
    row = LoginSession(user=user, expires_at=timezone.now(), **fields)
    assert rows_of_page(user, keys=frozenset({"api"})).show(row)["icon"] == icon


def test_tokens_are_grouped_by_what_they_are_called(user: Any) -> None:
    """Their number comes with the page."""
    ids = [LoginSession(user=user, expires_at=timezone.now()).pk for _ in range(3)]
    names = ("Printer", "Printer", "Phone")
    tokens = [Credential(id=pk, kind="t", label=name) for pk, name in zip(ids, names, strict=True)]
    page = rows_of_page(user, titles={"t": "App"})

    groups = page.group(tokens, {group_key(tokens[0]): 5})

    assert [(group.first["name"], group.total) for group in groups] == [
        ("Printer", 5),
        ("Phone", 1),
    ]
    assert groups[0].ids == f"{ids[0]} {ids[1]}"
    assert {group.first["title"] for group in groups} == {"App"}

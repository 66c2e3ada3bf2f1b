"""Which sessions the list has, in which order, and at what cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession
from django_logout.sessions.engines import current_engine
from django_logout.web.session_list import Listing
from tests.clients import (
    JSON,
    LOGOUT,
    OTHERS,
    SESSIONS,
    Page,
    before_us,
    browser,
    id_of,
    listed,
)
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db


def test_it_says_when_a_session_ends_whatever_is_done(user: Any, settings: Any) -> None:
    """By ABSOLUTE_TIMEOUT, if that is earlier; as the status of the session has it."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": lambda who, request: 3600}
    here = browser(user)

    (entry,) = here.get(SESSIONS, headers=JSON).json()["sessions"]

    ends = LoginSession.objects.get().authenticated_at + timedelta(hours=1)
    assert entry["expires_at"] == ends.isoformat()[:23] + "Z"
    assert here.get(SESSIONS).context["sessions"][0]["expires_at"] == ends


def test_this_session_comes_first_then_by_use(user: Any) -> None:
    """However long ago it was used itself."""
    clients = [browser(user) for _ in range(4)]
    ids = [id_of(client) for client in clients]
    now = timezone.now()
    for session_id, age in zip(ids, (3, 1, 9, 2), strict=True):
        LoginSession.objects.filter(pk=session_id).update(last_seen_at=now - timedelta(hours=age))

    order = [entry["id"] for entry in listed(clients[2])]

    assert order == [ids[2], ids[1], ids[3], ids[0]]


def test_what_has_ended_or_expired_or_is_anothers_is_not_listed(
    user: Any, other: Any, settings: Any
) -> None:
    """Only what can still be ended."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 3600, "ABSOLUTE_TIMEOUT": 36000}
    here, gone, *expired = (browser(user) for _ in range(5))
    browser(other)
    gone.post(LOGOUT)
    ages = {"expires_at": 3600, "last_seen_at": 7200, "authenticated_at": 72000}
    for client, (name, age) in zip(expired, ages.items(), strict=True):
        then = timezone.now() - timedelta(seconds=age)
        LoginSession.objects.filter(pk=id_of(client)).update(**{name: then})

    assert [entry["id"] for entry in listed(here)] == [id_of(here)]


def test_a_session_from_before_our_time_is_listed_at_once(user: Any) -> None:
    """It is adopted when it is first seen, and this page is where that may be."""
    client = before_us(user)

    assert [entry["current"] for entry in listed(client)] == [True]


@pytest.mark.parametrize(("how", "queries"), [("page", 4), ("json", 4)])
@pytest.mark.parametrize("number", [2, 5, 1000])
def test_a_constant_number_of_queries(
    user: Any, settings: Any, number: int, how: str, queries: int, django_assert_num_queries: Any
) -> None:
    """Two beside Django's own two, for 2, 5 and 1,000 sessions. JSON takes one for the number of
    sessions; the page takes one for what has ended."""
    settings.SESSION_ENGINE = ENGINES["db"]
    here = browser(user)
    now = timezone.now()
    LoginSession.objects.bulk_create(
        LoginSession(user=user, expires_at=now + timedelta(1), device=f"Firefox on {place % 7}")
        for place in range(number - 1)
    )
    headers = JSON if how == "json" else {}
    here.get(SESSIONS, headers=headers)  # whatever is done once in a process

    with django_assert_num_queries(queries):
        response = here.get(SESSIONS, headers=headers)

    if how == "json":
        assert len(response.json()["sessions"]) == min(number, 20)
        assert ("Link" in response) is (number > 20)


def add(user: Any, device: str = "", hours: float = 0, **fields: Any) -> LoginSession:
    """Add a session that was used so many hours ago."""
    now = timezone.now()
    begun = {"created_at": now - timedelta(days=9), "last_seen_at": now - timedelta(hours=hours)}
    row = {**begun, "device": device, "expires_at": now + timedelta(1), **fields}
    return LoginSession.objects.create(user=user, **row)


def grouped(client: Any, query: str = "") -> list[tuple[str, int, int]]:
    """Return the groups of the page: device, how many are shown, and how many there are."""
    groups = client.get(SESSIONS + query).context["groups"]
    return [(group.first["name"], len(group.rows), group.total) for group in groups]


def test_the_page_groups_sessions_by_device(user: Any) -> None:
    """The device that was used last comes first, and this session is none of the others."""
    here = browser(user)
    for device, hours in (("A on X", 5), ("B on Y", 2), ("A on X", 1), ("", 9), ("A on X", 3)):
        add(user, device, hours)

    context = here.get(SESSIONS).context

    assert grouped(here) == [("A on X", 3, 3), ("B on Y", 1, 1), ("Unknown device", 1, 1)]
    ages = [row["seen"].text for row in context["groups"][0].rows]
    assert ages == ["1\xa0hour ago", "3\xa0hours ago", "5\xa0hours ago"]
    assert context["current"]["id"] == context["sessions"][0]["id"]
    assert id_of(here) == str(context["current"]["id"])


def test_a_device_with_more_sessions_than_a_page_says_so(user: Any) -> None:
    """Its box selects those that are shown, and no session is on two pages."""
    here = browser(user)
    for hours in range(25):
        add(user, "A on X", hours)

    assert grouped(here) == [("A on X", 20, 25)]
    assert grouped(here, "?page=2") == [("A on X", 5, 25)]
    first, second = (
        set(here.get(f"{SESSIONS}?page={number}").context["groups"][0].ids.split())
        for number in (1, 2)
    )
    assert len(first | second) == 25
    assert "Sessions: 20 of 25" in here.get(SESSIONS).content.decode()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("firefox", ["Firefox on Windows"]),
        ("WINDOWS", ["Edge on Windows", "Firefox on Windows"]),
        ("Edge on windows", ["Edge on Windows"]),
        ("203.0.113", ["Edge on Windows"]),
        ("203.0.113.x", ["Edge on Windows"]),
        ("2001:db8:1:x", ["Firefox on Windows"]),
        ("key api", ["curl"]),
        ("on", ["Edge on Windows", "Firefox on Windows", "curl"]),
        ("\x00 \n", ["Edge on Windows", "Firefox on Windows", "curl"]),
        ("nothing", []),
        ("%", []),
        ("'; DROP TABLE", []),
    ],
)
def test_the_page_can_be_searched(user: Any, settings: Any, search: str, found: list[str]) -> None:
    """By device, address and kind, by the words that the page shows, in any order."""
    settings.LOGOUT = {"EXEMPT_CREDENTIALS": ["badge"]}
    here = browser(user)
    add(user, "Firefox on Windows", 3, ip_address="2001:db8:1::")
    add(user, "Edge on Windows", 2, ip_address="203.0.113.0")
    add(user, "curl", 4, kind="badge")

    response = here.get(SESSIONS, {"find": search})

    names = [group.first["name"] for group in response.context["groups"]]
    assert sorted(names) == found
    assert ("Nothing found" in Page(response).text) == (not found)
    json = here.get(SESSIONS, {"find": search}, headers=JSON).json()["sessions"]
    assert {entry["device"] for entry in json} - {"Firefox on Windows"} <= set(found)


def test_a_search_in_the_readers_language(user: Any, settings: Any) -> None:
    """The rows hold the English name, without the word of the reader."""
    settings.LANGUAGE_CODE = "de"
    here = browser(user)
    add(user, "Edge on Windows")

    assert grouped(here, "?find=edge+unter+windows") == [("Edge unter Windows", 1, 1)]


def test_the_search_is_offered_above_ten(user: Any) -> None:
    """Its form works without a script, and pages keep what is searched for."""
    here = browser(user)
    for number in range(10):
        add(user, f"A on {number}")
    assert Page(here.get(SESSIONS)).field("find") is None

    for number in range(15):
        add(user, f"B on {number}")
    page = Page(here.get(SESSIONS))
    assert page.field("find") == ""
    (form,) = [form for form in page.all("form") if form.get("class") == "logout-search"]
    assert form["method"] == "get"

    links = [link["href"] for link in Page(here.get(SESSIONS, {"find": "a b"})).all("a")]
    assert "?" in links
    settings_links = Page(here.get(SESSIONS, {"find": "on"})).all("a")
    assert "?find=on&page=2" in [link["href"] for link in settings_links]
    response = here.get(SESSIONS, {"find": "on"}, headers=JSON)
    assert response["Link"] == f'<{SESSIONS}?find=on&page=2>; rel="next"'


def test_a_user_with_one_session_reads_so(user: Any) -> None:
    """Nothing can be selected, and there is nothing to end."""
    page = Page(browser(user).get(SESSIONS))

    assert "Only this device" in page.text
    assert [each for each in page.all("input") if each.get("type") == "checkbox"] == []
    assert OTHERS not in [link["href"] for link in page.all("a")]


def test_recent_endings_are_listed_with_their_reasons(user: Any, other: Any) -> None:
    """The last five, of thirty days, of this user."""
    here = browser(user)
    rows = [add(user, f"A on {number}") for number in range(7)]
    reasons = [Reason.USER, Reason.ADMIN, Reason.IDLE, "of the project", Reason.LIMIT]
    for row, reason in zip(rows, [Reason.EXPIRED, Reason.ADMIN, *reasons], strict=True):
        end_sessions(Target.session(row.pk), reason=reason)
    end_sessions(Target.session(add(other).pk))
    old = timezone.now() - timedelta(days=31)
    LoginSession.objects.filter(pk=rows[-1].pk).update(ended_at=old)

    endings = here.get(SESSIONS).context["endings"]

    assert [ending["name"] for ending in endings] == [f"A on {n}" for n in (5, 4, 3, 2, 1)]
    assert [str(ending["reason"]) for ending in endings][:3] == [
        "Your session has ended.",
        "You were logged out because you were inactive.",
        "An administrator ended your session.",
    ]
    assert "Recently ended" in Page(here.get(SESSIONS)).text


def test_the_page_names_the_account_and_a_way_back(user: Any, settings: Any) -> None:
    """To where a login leads."""
    settings.LOGIN_REDIRECT_URL = "/private/"
    page = Page(browser(user).get(SESSIONS))

    assert "You are logged in as ann." in page.text
    assert page.all("a")[0]["href"] == "/private/"


@pytest.mark.parametrize("is_own", [True, False])
def test_each_page_has_the_current_session_and_its_part_of_the_others(
    user: Any, settings: Any, django_assert_num_queries: Any, is_own: bool
) -> None:
    """So that none is missing, and none is shown twice; a request whose session has no row has none."""
    settings.SESSION_ENGINE = ENGINES["db"]
    others = {add(user, f"Firefox on {number % 7}", hours=number).pk for number in range(1, 42)}
    request = RequestFactory().get("/", {"page": "1"})
    request.user, request.session = user, current_engine().store()
    own = add(user, "Firefox on 1").pk if is_own else None
    shown: list[Any] = []
    for page, queries in [("1", 1), ("2", 2), ("3", 2), ("4", 2)]:
        request.GET = QueryDict(f"page={page}")
        with django_assert_num_queries(queries):
            listing = Listing(request, per_page=20, current_id=own)
            found, mine = listing.others(), listing.own
        assert [row.pk for row in mine] == ([own] if own else [])
        assert listing.others_page.paginator.count == 41
        if page != "4":  # The last one, again.
            shown += [row.pk for row in found if isinstance(row, LoginSession)]
    assert (len(shown), set(shown)) == (41, others)

"""The admin's actions: who may end whose sessions, after which question, and what is said then."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import DatabaseError
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import formats, timezone

from django_logout import Reason, Target, end_sessions
from django_logout.admin import LoginSessionAdmin, UserAdminMixin, extend_user_admin
from django_logout.ending import audit
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from tests.clients import Page, logged_in_as
from tests.databases.router import lag
from tests.query_counts import cost
from tests.urls import urlpatterns as site

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("permissions"),
]

SESSIONS = "/admin/django_logout/loginsession/"
EVENTS = "/admin/django_logout/logoutevent/"
USER = get_user_model()._meta
USERS = f"/people/{USER.app_label}/{USER.model_name}/"


class PeopleAdmin(UserAdminMixin, UserAdmin):
    """As a project would have it, with an action of its own."""

    actions = ("greet",)

    @admin.action
    def greet(self, request: Any, queryset: Any) -> None:
        """Do nothing."""


people = admin.AdminSite("people")
people.register(get_user_model(), PeopleAdmin)
people.register(LoginSession, LoginSessionAdmin)
urlpatterns = [path("people/", people.urls), *site]


@pytest.fixture(autouse=True)
def urls(settings: Any) -> None:
    """The test site, with a user admin of a project's."""
    settings.ROOT_URLCONF = __name__


def staff(*codenames: str, name: str = "clerk") -> Any:
    """Return staff who may see everything, and do what these permissions say."""
    clerk = get_user_model().objects.create_user(name, password="pw", is_staff=True)
    seeing = ("view_loginsession", "view_logoutevent", f"view_{USER.model_name}")
    clerk.user_permissions.set(Permission.objects.filter(codename__in=(*seeing, *codenames)))
    return clerk


def browser(user: Any) -> Client:
    """Return a client that has just logged in."""
    client = Client()
    client.force_login(user)
    return client


def ids(*users: Any) -> list[str]:
    """Of their sessions that are alive, as the list's tick boxes have them."""
    rows = LoginSession.objects.filter(user__in=users, ended_at=None)
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def choose(client: Client, url: str, keys: Any, *, sure: bool, **more: Any) -> Any:
    """Choose the action for these rows; and say that it is meant."""
    action = "log_out_everywhere" if url.startswith(USERS) else "end_chosen"
    data = {"action": action, "_selected_action": list(map(str, keys)), "index": 0, **more}
    return client.post(url, {**data, "confirmed": "yes"} if sure else data)


def said(response: Any) -> str:
    """What the admin is told about it."""
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_chosen_sessions_end_after_a_question(user: Any, other: Any) -> None:
    """The question changes nothing; its form, sent as it is, ends the chosen and no other."""
    anns, bobs, clerk = browser(user), browser(other), browser(staff("end_loginsession"))

    question = choose(clerk, SESSIONS, ids(user), sure=False)

    page = Page(question)
    assert "ann" in page.text
    assert "bob" not in page.text
    assert "Your own session" not in page.text
    assert logged_in_as(anns) == "ann"
    fields = {a["name"]: a["value"] for a in page.all("input") if a.get("name")}
    answer = clerk.post(SESSIONS, fields)
    assert answer["Location"] == SESSIONS
    assert said(answer) == "Sessions ended: 1."
    assert (logged_in_as(anns), logged_in_as(bobs)) == ("", "bob")
    event = LogoutEvent.objects.get()
    assert (event.reason, event.user_label, event.actor_label) == ("admin", "ann", "clerk")


def test_all_rows_of_the_list_can_be_chosen(user: Any, other: Any) -> None:
    """Over all pages, and of those that the filter in the URL leaves."""
    anns, bobs = browser(user), browser(other)
    clerk = browser(staff("end_loginsession"))
    url = f"{SESSIONS}?user__{USER.pk.name}__exact={user.pk}"
    first = ids(user)

    question = choose(clerk, url, first, sure=False, select_across=1)
    page = Page(question)
    fields = {a["name"]: a["value"] for a in page.all("input") if a.get("name")}
    browser(user)  # one that the question has not counted
    answer = clerk.post(url, fields)

    assert fields["select_across"] == "1"
    assert said(answer) == "Sessions ended: 2."
    assert (logged_in_as(anns), logged_in_as(bobs)) == ("", "bob")


def test_users_are_logged_out_everywhere(user: Any, other: Any) -> None:
    """All sessions of the chosen users; a single one has their name on record."""
    anns, bobs = [browser(user), browser(user)], [browser(other)]
    clerk = browser(staff("end_loginsession"))

    assert "ann" in Page(choose(clerk, USERS, [user.pk], sure=False)).text
    answer = choose(clerk, USERS, [user.pk], sure=True)

    assert said(answer) == "Sessions ended: 2."
    assert {*map(logged_in_as, anns)} == {""}
    assert LogoutEvent.objects.get().user_label == "ann"
    choose(clerk, USERS, [user.pk, other.pk], sure=True)
    assert {*map(logged_in_as, bobs)} == {""}
    assert LogoutEvent.objects.count() == 2


@pytest.fixture
def members(settings: Any) -> Iterator[str]:
    """An admin for a proxy of the user model, which all staff may see."""
    meta = type("Meta", (), {"proxy": True, "app_label": USER.app_label})
    model = type("Member", (get_user_model(),), {"Meta": meta, "__module__": __name__})
    site = admin.AdminSite("members")
    site.register(model, type("", (PeopleAdmin,), {"has_view_permission": lambda *args: True}))
    settings.ROOT_URLCONF = (path("members/", site.urls), *urlpatterns)
    yield f"/members/{USER.app_label}/member/"
    apps.all_models[USER.app_label].pop("member")
    apps.clear_cache()


def test_users_of_a_proxy_model_are_logged_out(user: Any, other: Any, members: str) -> None:
    """Staff among them are left."""
    user.is_staff = True
    user.save()
    anns, bobs, clerk = browser(user), browser(other), browser(staff("end_loginsession"))
    keys = [str(user.pk), str(other.pk)]
    data = {"action": "log_out_everywhere", "_selected_action": keys, "index": 0}

    assert clerk.post(members, data).status_code == 200
    answer = clerk.post(members, {**data, "confirmed": "yes"})

    assert (
        said(answer)
        == "Sessions ended: 1. Staff members whose sessions you don't have permission to end: 1."
    )
    assert (logged_in_as(anns), logged_in_as(bobs)) == ("ann", "")


def test_the_mixin_keeps_a_projects_own_actions(user: Any) -> None:
    """And does not bring actions back where a project wants none."""
    clerk = browser(staff("end_loginsession"))

    choices = {option["value"] for option in Page(clerk.get(USERS)).all("option")}

    assert {"greet", "log_out_everywhere"} <= choices

    class Bare(PeopleAdmin):
        actions = None  # type: ignore[assignment]

    class Listed(PeopleAdmin):
        actions = ("log_out_everywhere",)

    assert Bare(get_user_model(), people).actions is None
    assert Listed(get_user_model(), people).actions == ("log_out_everywhere",)


@pytest.mark.parametrize("url", [SESSIONS, USERS])
def test_staff_without_the_permission_can_end_nothing(user: Any, url: str) -> None:
    """They see the list and no action; a request made up by hand does nothing either."""
    anns, clerk = browser(user), browser(staff())
    keys = [user.pk] if url == USERS else ids(user)

    assert "end_chosen" not in clerk.get(url).content.decode()
    assert "log_out_everywhere" not in clerk.get(url).content.decode()
    choose(clerk, url, keys, sure=True)
    assert logged_in_as(anns) == "ann"
    assert not LogoutEvent.objects.exists()


@pytest.mark.parametrize("url", [SESSIONS, USERS])
@pytest.mark.parametrize("field", ["is_staff", "is_superuser"])
def test_sessions_of_staff_need_the_stronger_permission(
    user: Any, other: Any, url: str, field: str
) -> None:
    """Without it the sessions of staff stay active, which is said before and after; the others
    end."""
    setattr(user, field, True)
    user.save()
    anns, bobs, clerk = browser(user), browser(other), browser(staff("end_loginsession"))
    keys = [user.pk, other.pk] if url == USERS else ids(user, other)

    assert "These users will be skipped" in Page(choose(clerk, url, keys, sure=False)).text
    answer = choose(clerk, url, keys, sure=True)

    assert (
        said(answer)
        == "Sessions ended: 1. Staff members whose sessions you don't have permission to end: 1."
    )
    assert (logged_in_as(anns), logged_in_as(bobs)) == ("ann", "")
    answer = choose(clerk, url, keys[:1] if url == USERS else ids(user), sure=True)
    assert "no sessions in your selection that you can end" in said(answer)
    assert logged_in_as(anns) == "ann"
    choose(
        browser(staff("end_loginsession", "end_staff_sessions", name="chief")), url, keys, sure=True
    )
    assert logged_in_as(anns) == ""


@pytest.mark.parametrize("url", [SESSIONS, USERS])
def test_admins_who_choose_themselves_are_told_and_logged_out(url: str) -> None:
    """Before: that it is them. After: the login page, which says what has happened. No stronger
    permission is needed to end one's own."""
    clerk = staff("end_loginsession")
    here = browser(clerk)
    keys = [clerk.pk] if url == USERS else ids(clerk)

    assert "Your own session is included" in Page(choose(here, url, keys, sure=False)).text
    assert logged_in_as(here) == "clerk"
    answer = choose(here, url, keys, sure=True)

    assert answer.status_code == 302
    page = here.get(url, follow=True)
    assert page.redirect_chain
    assert "Sessions ended: 1." in Page(page).text
    assert logged_in_as(here) == ""


def test_what_has_ended_cannot_be_ended_again(user: Any) -> None:
    """Nothing is claimed, and nothing recorded."""
    keys, clerk = (browser(user), ids(user))[1], browser(staff("end_loginsession"))
    choose(clerk, SESSIONS, keys, sure=True)

    answer = choose(clerk, SESSIONS, keys, sure=False)

    assert "no sessions in your selection that you can end" in said(answer)
    assert LogoutEvent.objects.count() == 1
    assert "nothing left to end" in said(choose(clerk, USERS, [user.pk], sure=True))


def test_session_ended_with_everyones_is_shown_as_ended(user: Any, other: Any) -> None:
    """Their rows do not say so: the list does, its filter, and the action."""
    browser(user)
    end_sessions(Target.everyone(), reason=Reason.COMMAND)
    when = formats.localize(timezone.localtime(Cutoff.objects.get().before))
    bobs, clerk = browser(other), browser(staff("end_loginsession"))

    over, living = (Page(clerk.get(f"{SESSIONS}?status={n}")).text for n in ("ended", "active"))
    assert ("ann" in over, "bob" in over) == (True, False)
    assert ("ann" in living, "bob" in living) == (False, True)
    assert when in over
    assert "Ended (1)" in Page(clerk.get(f"{SESSIONS}?_facets=True")).text
    (key,) = ids(user)
    assert when in Page(clerk.get(f"{SESSIONS}{key}/change/")).text
    answer = choose(clerk, SESSIONS, ids(user), sure=True)
    assert "no sessions in your selection that you can end" in said(answer)

    choose(clerk, SESSIONS, ids(user, other), sure=True)
    assert logged_in_as(bobs) == ""
    assert LogoutEvent.objects.latest("created_at").sessions == 1


@pytest.mark.parametrize("model", [LoginSession, get_user_model()])
def test_no_replica_is_asked(user: Any, rf: RequestFactory, settings: Any, model: Any) -> None:
    """What is alive, and who is staff, may be news to it."""
    anns, clerk = browser(user), staff("end_loginsession")
    request = rf.post("/", {"confirmed": "yes"})
    request.user, request._messages = clerk, CookieStorage(request)  # type: ignore[attr-defined]
    clerk.get_all_permissions()
    site = admin.site if model is LoginSession else people
    actions: Any = site.get_model_admin(model)
    chosen = actions.get_queryset(request)
    lag(settings, LoginSession, user)

    end = actions.end_chosen if model is LoginSession else actions.log_out_everywhere
    assert (
        end(request, chosen.filter(**{"user" if model is LoginSession else "pk": user.pk})) is None
    )

    settings.DATABASE_ROUTERS = []
    assert logged_in_as(anns) == ""


def test_failures_are_said(user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revoker that fails: not complete. A record that cannot be written: not ended."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Broken"]}
    anns, clerk = browser(user), browser(staff("end_loginsession"))

    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(audit, "record_event", broken)
        answer = choose(clerk, SESSIONS, ids(user), sure=True)
    assert "Not all sessions could be ended" in said(answer)
    assert logged_in_as(anns) == "ann"

    answer = choose(clerk, SESSIONS, ids(user), sure=True)
    assert "could not be revoked yet" in said(answer)
    assert logged_in_as(anns) == ""


@pytest.mark.parametrize("url", [SESSIONS, EVENTS])
def test_lists_cost_the_same_for_one_row_and_for_twenty(user: Any, url: str) -> None:
    """No query a row."""
    clerk = browser(staff("end_loginsession"))
    counts = []
    for number in (1, 19):
        for _ in range(number):
            someone = get_user_model().objects.create_user(f"u{number}-{_}")
            browser(someone).post("/accounts/logout/")
        clerk.get(url)
        with cost() as spent:
            assert clerk.get(url).status_code == 200
        counts.append(spent.queries)

    assert len(set(counts)) == 1
    assert LogoutEvent.objects.count() == 20


def test_lists_can_be_searched_and_filtered(user: Any, other: Any) -> None:
    """By the user's name; events by reason, scope, date, and whether they are complete."""
    browser(user).post("/accounts/logout/")
    browser(other)
    clerk = browser(staff())

    assert "bob" not in Page(clerk.get(f"{SESSIONS}?q=ann")).text
    found = Page(clerk.get(f"{EVENTS}?q=ann&reason=user&scope=current&complete__exact=1"))
    assert "1 logout event" in found.text
    assert "0 logout events" in Page(clerk.get(f"{EVENTS}?reason=admin")).text
    later = "created_at__gte=2099-01-01+00:00:00%2B00:00"
    assert "0 logout events" in Page(clerk.get(f"{EVENTS}?{later}")).text


def page_of(user: Any) -> str:
    """Return the URL of a user's page."""
    return f"{USERS}{user.pk}/change/"


def link_to_log_out(client: Client, user: Any) -> str:
    """Return the link on a user's page that leads to the question; empty without one."""
    links = [link["href"] or "" for link in Page(client.get(page_of(user))).all("a")]
    return next((link for link in links if link.endswith("/log-out/")), "")


def test_user_is_logged_out_from_their_page(user: Any, other: Any) -> None:
    """After a question, which leads back to the page, as its answer does."""
    anns, bobs = [browser(user), browser(user)], browser(other)
    clerk = browser(staff("end_loginsession"))
    url = link_to_log_out(clerk, user)

    question = Page(clerk.get(url))

    assert "ann" in question.text
    assert page_of(user) in [link["href"] for link in question.all("a")]
    assert logged_in_as(anns[0]) == "ann"
    answer = clerk.post(
        url, {a["name"]: a["value"] for a in question.all("input") if a.get("name")}
    )
    assert answer["Location"] == page_of(user)
    assert said(answer) == "Sessions ended: 2."
    assert [*map(logged_in_as, [*anns, bobs])] == ["", "", "bob"]
    event = LogoutEvent.objects.get()
    assert (event.reason, event.user_label, event.actor_label) == ("admin", "ann", "clerk")


def test_page_of_a_user_counts_active_sessions_and_leads_to_them(user: Any, other: Any) -> None:
    """Those that have ended are not counted, nor those of others."""
    end_sessions(Target.session((browser(user), ids(user))[1][0]))
    browser(user), browser(user), browser(other)
    clerk = browser(staff("end_loginsession"))
    page = Page(clerk.get(page_of(user)))

    assert "2 (Show sessions)" in " ".join(page.text.split())
    (url,) = [link["href"] for link in page.all("a") if "user__pk" in (link["href"] or "")]
    found = clerk.get(url).context["cl"]
    assert {row.user for row in found.result_list} == {user}
    assert found.result_count == 2


@pytest.mark.parametrize(
    ("codenames", "sees", "may_end"),
    [
        ({"view_loginsession", "end_loginsession"}, True, True),
        ({"view_loginsession"}, True, False),
        ({"end_loginsession"}, False, True),
        (set(), False, False),
    ],
)
def test_page_of_a_user_shows_what_the_permissions_allow(
    user: Any, codenames: set[str], sees: bool, may_end: bool
) -> None:
    """And the question is not to be reached without."""
    anns, clerk = browser(user), staff("end_loginsession")
    found = Permission.objects.filter(codename__in={*codenames, f"view_{USER.model_name}"})
    clerk.user_permissions.set(found)
    client = browser(clerk)

    text = Page(client.get(page_of(user))).text

    assert ("Show sessions" in text) is sees
    assert ("Active sessions" in text) is (sees or may_end)
    assert bool(link_to_log_out(client, user)) is may_end
    url = f"{USERS}{user.pk}/log-out/"
    assert client.get(url).status_code == (200 if may_end else 403)
    client.post(url, {"confirmed": "yes"})
    assert logged_in_as(anns) == ("" if may_end else "ann")


def test_user_whom_staff_may_not_see_cannot_be_logged_out(user: Any) -> None:
    """To end sessions is not to see users."""
    anns, clerk = browser(user), staff("end_loginsession")
    clerk.user_permissions.set(Permission.objects.filter(codename="end_loginsession"))

    answer = browser(clerk).post(f"{USERS}{user.pk}/log-out/", {"confirmed": "yes"})

    assert answer.status_code == 403
    assert logged_in_as(anns) == "ann"


def test_staff_are_not_logged_out_from_their_page_without_the_permission(user: Any) -> None:
    """The question says so."""
    user.is_staff = True
    user.save()
    anns, clerk = browser(user), browser(staff("end_loginsession"))

    answer = clerk.post(f"{USERS}{user.pk}/log-out/", {"confirmed": "yes"})

    assert "no sessions in your selection that you can end" in said(answer)
    assert logged_in_as(anns) == "ann"


def test_page_that_adds_a_user_has_no_sessions() -> None:
    """There are none yet."""
    clerk = browser(
        staff("end_loginsession", f"add_{USER.model_name}", f"change_{USER.model_name}")
    )

    assert "Active sessions" not in Page(clerk.get(f"{USERS}add/")).text


def test_user_that_does_not_exist_is_said() -> None:
    """As the admin says it of each page."""
    answer = browser(staff("end_loginsession")).get(f"{USERS}0/log-out/")

    assert answer.status_code == 302
    assert "exist" in said(answer)


def test_user_admin_of_another_app_is_extended(user: Any, settings: Any) -> None:
    """Without a class of the project: whatever is registered keeps what it has."""

    class Foreign(UserAdmin):
        """As an app has it, with fields in place of fieldsets."""

        list_display = ("pk",)
        fieldsets = None
        fields = (USER.model.USERNAME_FIELD,)
        actions = ()

    site = admin.AdminSite("foreign")
    site.register(get_user_model(), Foreign)

    for _ in range(2):
        extend_user_admin(site)

    found = site.get_model_admin(get_user_model())
    assert isinstance(found, Foreign)
    assert type(found).__mro__.count(UserAdminMixin) == 1
    assert type(found).__name__ == "Foreign"
    settings.ROOT_URLCONF = (path("people/", site.urls), *urlpatterns[1:])
    clerk = browser(staff("end_loginsession"))
    assert link_to_log_out(clerk, user)
    assert "Show sessions" not in Page(clerk.get(page_of(user))).text, "no list on this site"
    assert not found.check()


def test_user_admin_that_is_not_there_yet_is_said() -> None:
    """The call has come too early, or for another site."""
    with pytest.raises(NotRegistered):
        extend_user_admin(admin.AdminSite("empty"))


def test_page_of_a_user_costs_the_same_whatever_the_number_of_sessions(user: Any) -> None:
    """One query counts them."""
    clerk, counts = browser(staff("end_loginsession")), []
    for number in (1, 19):
        for _ in range(number):
            browser(user)
        clerk.get(page_of(user))
        with cost() as spent:
            clerk.get(page_of(user))
        counts.append(spent.queries)

    assert len(set(counts)) == 1

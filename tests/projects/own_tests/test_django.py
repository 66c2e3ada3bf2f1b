"""Tests by the classes of ``django.test``."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connection
from django.http import HttpRequest
from django.test import (
    AsyncClient,
    AsyncRequestFactory,
    Client,
    LiveServerTestCase,
    RequestFactory,
    SimpleTestCase,
    TestCase,
    TransactionTestCase,
)
from django.test.utils import CaptureQueriesContext
from django.views.decorators.csrf import csrf_exempt

from django_logout import Target, end_sessions, logout
from django_logout.models import LoginSession
from django_logout.signals import session_ended
from django_logout.testing import assert_logged_out, copy_client
from django_logout.views import LogoutView
from tests.projects.own_tests import views
from tests.projects.own_tests.factories import UserFactory
from tests.projects.own_tests.models import Order


class Journeys:
    """The same tests in each kind of test case."""

    client: Client
    async_client: AsyncClient

    def setUp(self) -> None:
        """Log in as most tests do."""
        self.user = User.objects.create_user("ann", password="pw")
        self.client.force_login(self.user)

    def greeting(self, client: Any = None) -> str:
        """Return what the home page says."""
        return str((client or self.client).get("/").content.decode())

    def test_page(self) -> None:
        """A page of the user."""
        assert self.greeting() == "Hello ann"
        assert self.client.session["visits"] == 1

    def test_form(self) -> None:
        """Log in by name and password, and by the form."""
        client = Client()
        assert client.login(username="ann", password="pw")
        assert self.greeting(client) == "Hello ann"
        client = Client()
        assert client.post("/login/", {"username": "ann", "password": "pw"}).status_code == 302
        assert self.greeting(client) == "Hello ann"

    def test_sign_up(self) -> None:
        """A view that makes an account and logs in."""
        client = Client()
        assert client.post("/sign-up/", {"name": "new"}, follow=True).content == b"Hello new"

    def test_logout(self) -> None:
        """Each way out, each with a copied cookie."""
        for leave in (
            lambda client: client.post("/accounts/logout/"),
            lambda client: client.post("/leave/"),
            lambda client: client.post("/leave-with-basket/"),
            lambda client: client.post("/accounts/sessions/end-all/"),
            lambda client: end_sessions(Target.user(self.user)),
        ):
            client = Client()
            client.force_login(self.user)
            thief = copy_client(client)
            leave(client)
            assert self.greeting(client) == self.greeting(thief) == "Hello guest"
            assert_logged_out(thief)

    def test_logout_of_the_client(self) -> None:
        """By which Django forgets the cookies of a test."""
        thief = copy_client(self.client)
        self.client.logout()
        assert self.greeting() == self.greeting(thief) == "Hello guest"
        self.client.logout()
        self.client.force_login(self.user)
        assert self.greeting() == "Hello ann"

    def test_session_of_the_client(self) -> None:
        """A test reads and writes it as Django documents."""
        if settings.SESSION_ENGINE.endswith("signed_cookies"):
            self.skipTest("Django writes no cookie there")  # type: ignore[attr-defined]
        session = self.client.session
        session["visits"] = 41
        session.save()
        self.greeting()
        assert self.client.session["visits"] == 42
        guest = Client()
        session = guest.session
        session["visits"] = 1
        session.save()
        self.greeting(guest)
        assert guest.session["visits"] == 2

    def test_error(self) -> None:
        """A view that fails leaves the user logged in."""
        self.client.raise_request_exception = False
        assert self.client.post("/order/").status_code == 500
        assert self.greeting() == "Hello ann"

    def test_password_change(self) -> None:
        """Saved by a test, it ends the session, as in production."""
        self.user.set_password("another")
        self.user.save()
        assert self.greeting() == "Hello guest"

    def test_signal(self) -> None:
        """A receiver of the project hears of a logout."""
        heard: list[Any] = []

        def on_end(sender: Any, **kwargs: Any) -> None:
            heard.append(str(kwargs["reason"]))

        session_ended.connect(on_end)
        self.client.post("/accounts/logout/")
        session_ended.disconnect(on_end)
        assert heard == ["user"]

    def test_clients_that_check_csrf(self) -> None:
        """They are asked to confirm."""
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.user)
        assert client.post("/accounts/logout/").status_code == 403
        assert self.greeting(client) == "Hello ann"

    async def test_async_client(self) -> None:
        """In an asynchronous test."""
        await self.async_client.aforce_login(self.user)
        assert (await self.async_client.get("/async/")).content == b"Hello ann"
        assert (await self.async_client.get("/")).content == b"Hello ann"
        assert (await self.async_client.post("/async/leave/")).status_code == 302
        assert (await self.async_client.get("/async/")).content == b"Hello guest"
        await self.async_client.aforce_login(self.user)
        await self.async_client.alogout()
        assert (await self.async_client.get("/async/")).content == b"Hello guest"


class TestCaseJourneys(Journeys, TestCase):
    """In a transaction that is never committed."""

    @classmethod
    def setUpTestData(cls) -> None:
        """A user of all tests of this class."""
        cls.clerk = User.objects.create_user("clerk", is_staff=True)

    def test_user_of_the_class(self) -> None:
        """Logged in and out, twice."""
        for _ in range(2):
            self.client.force_login(self.clerk)
            assert self.greeting() == "Hello clerk"
            self.client.post("/accounts/logout/")
            assert self.greeting() == "Hello guest"

    def test_logging_in_costs_two_queries(self) -> None:
        """Beside those of Django: the row of the session, and what an engine may need."""
        costs = [self._queries_of_login(middleware) for middleware in (True, False)]
        assert costs[0] - costs[1] <= 2, costs

    def _queries_of_login(self, registered: bool) -> int:
        from django.contrib.auth.signals import user_logged_in

        receivers = user_logged_in.receivers
        if not registered:
            user_logged_in.receivers = [
                entry for entry in receivers if "django_logout" not in repr(entry)
            ]
            user_logged_in.sender_receivers_cache.clear()
        client = Client()
        try:
            Client().force_login(self.user)  # What is done once is done.
            with CaptureQueriesContext(connection) as queries:
                client.force_login(self.user)
        finally:
            user_logged_in.receivers = receivers
            user_logged_in.sender_receivers_cache.clear()
        return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


class TransactionJourneys(Journeys, TransactionTestCase):
    """With real transactions."""


class LiveServer(LiveServerTestCase):
    """Against a server in a thread."""

    def open(self, client: Client, url: str, data: bytes | None = None) -> tuple[int, str]:
        """Return the status and the body of a response."""

        class Stay(HTTPRedirectHandler):
            def redirect_request(self, *args: Any) -> None:
                """Follow no redirect."""

        cookie = client.cookies.output(header="", sep=";", attrs=[]).strip()
        request = Request(self.live_server_url + url, data, {"Cookie": cookie})
        request.add_header("Origin", self.live_server_url)
        try:
            with build_opener(Stay).open(request, timeout=30) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, ""

    def test_journey(self) -> None:
        """The cookie of a client, as tests with a browser use it."""
        user = UserFactory()
        self.client.force_login(user)
        assert self.open(self.client, "/") == (200, f"Hello {user.username}")
        assert self.open(self.client, "/accounts/logout/", b"")[0] == 200
        assert self.open(self.client, "/") == (200, "Hello guest")


class Recorder(dict[str, Any]):
    """A session of a test."""

    def flush(self) -> None:
        """Forget all."""
        self.clear()


class Requests(TestCase):
    """Views that are called with a request, without middleware."""

    def setUp(self) -> None:
        """A request of each kind of session."""
        self.user = UserFactory()

    def requests(self, **data: str) -> Any:
        """Yield requests with what tests put in place of a session."""
        for stand_in in (None, {}, Recorder(), SimpleNamespace(get={}.get), Mock(), "missing"):
            request: Any = RequestFactory().post("/", data)
            request.user = self.user
            if stand_in != "missing":
                request.session = stand_in
            yield request

    def test_view_that_needs_no_session(self) -> None:
        """It does not notice."""
        for request in self.requests(item="lamp"):
            assert views.order(request).content == b"ordered"
        assert Order.objects.filter(user=self.user).count() == 6

    def test_logout(self) -> None:
        """The user of the request is anonymous afterwards."""
        for request in self.requests():
            logout(request)
            assert request.user.is_anonymous
            request.user = self.user
            response = csrf_exempt(LogoutView.as_view(next_page="/"))(request)
            assert response.status_code in {302, 403}

    def test_real_session_in_a_factory(self) -> None:
        """Made by the middleware, as Django documents."""
        request = RequestFactory().post("/sign-up/", {"name": "new"})
        request.user = AnonymousUser()
        SessionMiddleware(Mock()).process_request(request)
        assert views.sign_up(request).status_code == 302
        request.session.save()
        assert get_user(request).get_username() == "new"
        assert LoginSession.objects.filter(user__username="new").count() == 1
        assert views.leave(request).status_code == 302
        assert get_user(request).is_anonymous

    async def test_async_factory(self) -> None:
        """A request without a session."""
        request = AsyncRequestFactory().post("/")
        request.user = self.user
        assert (await views.aleave(request)).status_code == 302
        assert request.user.is_anonymous


class WithoutDatabase(SimpleTestCase):
    """Tests that may not use the database."""

    def test_page_of_a_guest(self) -> None:
        """Nothing of the package needs it there."""
        request: HttpRequest = RequestFactory().get("/")
        request.user = AnonymousUser()
        request.session = Recorder()  # type: ignore[assignment]
        assert views.home(request).content == b"Hello guest"
        assert issubclass(SessionBase, object)

    def test_logout_of_a_stand_in(self) -> None:
        """Django's function needs none, and neither does ours."""
        request: Any = RequestFactory().post("/")
        request.user = User(username="ann")
        request.session = Recorder(visits=1)
        logout(request)
        assert not request.session
        request.session = Recorder(visits=1)
        views.leave(request)
        assert not request.session

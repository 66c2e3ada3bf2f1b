"""A real session, logged in, logged out and replayed, and then removed."""

from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from django.core.management.base import CommandError
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.guard import status_cache
from django_logout.guard.install import session_state
from django_logout.guard.store import GuardedStore
from django_logout.management.arguments import login_name
from django_logout.management.visitor import Visitor, is_logged_in, without_prefix
from django_logout.models import LogoutEvent
from django_logout.sessions import engines, registry
from django_logout.types import Target

#: Whether a request was served as a logged-in user's, and whether its cookie finds a session.
State = tuple[bool, bool]


class Rehearsal:
    """The rehearsal for one user. :meth:`run` does all of it."""

    def __init__(self, user: Any) -> None:
        self.user, self.name = user, login_name(user)
        self.last_login = getattr(user, "last_login", None)
        try:
            self.url = reverse("logout")
        except NoReverseMatch:
            raise CommandError(
                "No URL is named 'logout'. "
                'Add path("accounts/", include("django_logout.urls")) to urlpatterns.'
            ) from None
        view = resolve(without_prefix(self.url)).func
        self.view = getattr(view, "view_class", view).__name__
        self.visitor = Visitor()

    def run(self) -> dict[str, Any]:
        """Log in, log out, replay the cookie, and remove everything but the event.

        Returns what happened to the session. Nothing in it is secret.
        """
        request = self.visitor.visit().wsgi_request
        session: Any = getattr(request, "session", None)
        guarded = isinstance(session, GuardedStore) and session.state.request is request
        for path, passed in {
            "django.contrib.sessions.middleware.SessionMiddleware": hasattr(request, "session"),
            "django.contrib.auth.middleware.AuthenticationMiddleware": hasattr(request, "user"),
            "django_logout.middleware.LogoutMiddleware": guarded,
        }.items():
            if not passed:
                raise CommandError(f"Requests do not reach {path}. Run manage.py check.")
        sessions = registry.only_active(registry.sessions().filter(user_id=self.user.pk))
        others = sessions.filter(expires_at__gt=timezone.now()).count()
        response = self.visitor.log_in(self.user)
        session = response.wsgi_request.session
        if session.identity is None:
            raise CommandError(
                f"Logging in failed: a middleware answered with status {response.status_code}."
            )
        try:
            return self._log_out(session.identity.id, others)
        finally:
            self._clean_up(session.identity.id)

    def _log_out(self, session_id: UUID, others: int) -> dict[str, Any]:
        copy = self.visitor.cookie
        start = _state(self.visitor.visit(), copy)
        if not start[0]:
            raise CommandError(f"{self.name} cannot be logged in. Is the account active?")
        response = self.visitor.post(without_prefix(self.url), secure=True)
        after = _state(response, copy)
        page = self._follow(response)
        final = _state(self.visitor.visit(), copy)
        attacker = Visitor(copy)
        served = is_logged_in(attacker.visit())
        self.visitor.cookies_seen |= attacker.cookies_seen
        engine, cache = engines.current_engine(), status_cache.shared_cache()
        # Unlike _state(), the engine itself shows what is left of a session that is refused.
        left = bool(list(engine.open_unguarded(copy).keys()))
        names = ("request.user.is_authenticated", "request.session.exists()")
        columns = ("variable", "start", "after_logout", "final")
        events = LogoutEvent.objects.using(registry.database())
        event = events.filter(login_sessions=session_id).first()
        outcomes = {} if event is None else event.outcomes
        return {
            "user": self.name,
            "engine": _path(engine.store),
            # Nothing is asked for the status of a session if the engine's own deletes are final.
            "guarded": not engine.final_deletes,
            "cache": None if cache is None or engine.final_deletes else _path(type(cache.backend)),
            "steps": self._steps(start, after, final, response, page),
            "variables": [
                dict(zip(columns, row, strict=True))
                for row in zip(names, start, after, final, strict=True)
            ],
            "ended": {name: done["ended"] for name, done in outcomes.items() if done["ended"]},
            "failed": [name for name, done in outcomes.items() if done["error"]],
            "not_ended": {"other_sessions": others},
            # A cookie that holds the data is left.
            "stored_data": "left" if left else "deleted",
            "copied_cookie": "served" if served else "refused",
            "left_behind": {"event": None if event is None else str(event.pk)},
        }

    def _steps(
        self, start: State, after: State, final: State, response: Any, page: str
    ) -> list[dict[str, Any]]:
        status, to = response.status_code, response.headers.get("Location", "").partition("?")[0]
        done = "logout() clears session" if after == (False, False) else "Session not cleared"
        answered = f"Redirect response to {to}" if to else f"Page of {self.url}"
        return [
            _step(1, "User clicks logout", start, f"Request sent to {self.view}"),
            _step(2, f"{self.view} called", start, "Calling logout()"),
            _step(3, done, after),
            _step(4, f"Redirect to {to}" if to else "Page", after, f"{answered} ({status})"),
            _step(5, "End", final, f"User sees {page}"),
        ]

    def _follow(self, response: Any) -> str:
        """Return what the user sees after the logout. A redirect to another site is not followed."""
        request, location = response.wsgi_request, response.headers.get("Location", "")
        target = urlsplit(urljoin(request.build_absolute_uri(), location))
        if target.netloc != request.get_host():
            return f"another site, {target.netloc}"
        if location:
            here = target._replace(scheme="", netloc="").geturl()
            response = self.visitor.get(without_prefix(here), secure=True)
        return f"{target.path} ({response.status_code})"

    def _clean_up(self, session_id: UUID) -> None:
        # The session is still active if the view did not log out. No mail is sent for this reason.
        pipeline.end_sessions(Target.session(session_id), reason=Reason.FLUSHED)
        registry.delete_ended_row(session_id)
        for cookie in self.visitor.cookies_seen:
            engines.current_engine().open_unguarded(cookie).delete()
        # Restore the time of the last login, unless the user has logged in elsewhere meanwhile.
        here = type(self.user)._base_manager.filter(pk=self.user.pk)
        for name in {"last_login"} & {field.name for field in self.user._meta.concrete_fields}:
            here.filter(last_login=self.user.last_login).update(**{name: self.last_login})


def _state(response: Any, cookie: str) -> State:
    store: Any = engines.current_engine().store(cookie)
    session_state(store)
    return is_logged_in(response), bool(list(store.keys()))


def _step(number: int, action: str, state: State, response: str = "") -> dict[str, Any]:
    """Return a line of the execution table. Without a response, it repeats the session's state."""
    logged_in, exists = state
    session = "Active session" if exists else "Session cleared"
    return {
        "step": number,
        "action": action,
        "request_state": "Authenticated user" if logged_in else "User logged out",
        "session_state": session,
        "response": response or session,
    }


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__name__}"

"""One session, from login to logout and beyond, really lived and then cleared away."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from django.core.management.base import CommandError
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone

from django_logout.ending import pipeline
from django_logout.enums import Reason
from django_logout.guard import status_cache
from django_logout.guard.install import guard
from django_logout.guard.store import GuardedStore
from django_logout.management.arguments import name_of
from django_logout.management.explanation import Explanation, Step, Variable
from django_logout.management.visitor import Visitor, is_signed_in, without_prefix
from django_logout.models import LogoutEvent
from django_logout.sessions import engines, registry
from django_logout.types import Target

#: Whether a request is served as somebody, and whether its session is there.
State = tuple[bool, bool]


class Rehearsal:
    """Made for one user; :meth:`explain` does it all."""

    def __init__(self, user: Any) -> None:
        self.user, self.name = user, name_of(user)
        self.last_login = getattr(user, "last_login", None)
        self.url = _logout_url()
        view = resolve(without_prefix(self.url)).func
        self.view = getattr(view, "view_class", view).__name__
        self.visitor = Visitor()

    def explain(self) -> Explanation:
        """Log in, log out, look, and leave nothing behind but the event."""
        _require_middleware(self.visitor.visit())
        others = self._count_others()
        response = self.visitor.log_in(self.user)
        session = response.wsgi_request.session
        if session.identity is None:
            raise CommandError(f"Nobody can log in here: the answer is {response.status_code}.")
        try:
            return self._live(session.identity.id, others)
        finally:
            self._clear_away(session.identity.id)

    def _live(self, session_id: UUID, others: int) -> Explanation:
        if not is_signed_in(self.visitor.visit()):
            raise CommandError(f"{self.name} cannot be logged in. Is the account active?")
        copy = self.visitor.cookie
        start = (True, _exists(copy))
        response = self.visitor.post(self.url)
        after = (is_signed_in(response), _exists(copy))
        seen = self._follow(response)
        final = (is_signed_in(self.visitor.visit()), _exists(copy))
        thief = Visitor(copy)
        served = is_signed_in(thief.visit())
        self.visitor.held |= thief.held
        engine, cache = engines.current(), status_cache.shared_cache()
        return Explanation(
            user=self.name,
            engine=_path(engine.store),
            guarded=not engine.final_deletes,
            cache=None if cache is None or engine.final_deletes else _path(type(cache)),
            steps=self._steps(start, after, final, response, seen),
            variables=(
                Variable("request.user.is_authenticated", start[0], after[0], final[0]),
                Variable("request.session.exists()", start[1], after[1], final[1]),
            ),
            not_ended={"other_sessions": others},
            stored_data="left" if _is_stored(copy) else "deleted",
            copied_cookie="served" if served else "refused",
            **_recorded(session_id),
        )

    def _steps(
        self, start: State, after: State, final: State, response: Any, seen: str
    ) -> tuple[Step, ...]:
        status, to = response.status_code, response.headers.get("Location", "").partition("?")[0]
        done = "logout() clears session" if after == (False, False) else "Session not cleared"
        return (
            Step(1, "User clicks logout", *_words(start), f"Request sent to {self.view}"),
            Step(2, f"{self.view} called", *_words(start), "Calling logout()"),
            Step(3, done, *_words(after), _words(after)[1]),
            Step(
                4,
                f"Redirect to {to}" if to else "Page",
                *_words(after),
                f"Redirect response to {to} ({status})" if to else f"Page of {self.url} ({status})",
            ),
            Step(5, "End", *_words(final), f"User sees {seen}"),
        )

    def _follow(self, response: Any) -> str:
        request = response.wsgi_request
        target = urlsplit(
            urljoin(request.build_absolute_uri(), response.headers.get("Location", ""))
        )
        if target.netloc != request.get_host():
            return f"another site, {target.netloc}"
        status = response.status_code
        if "Location" in response.headers:
            status = self.visitor.get(target._replace(scheme="", netloc="").geturl()).status_code
        return f"{target.path} ({status})"

    def _count_others(self) -> int:
        theirs = registry.active(registry.sessions().filter(user_id=self.user.pk))
        return theirs.filter(expires_at__gt=timezone.now()).count()

    def _clear_away(self, session_id: UUID) -> None:
        # If it is alive still; of this reason nobody is written to.
        pipeline.end_sessions(Target.session(session_id), reason=Reason.FLUSHED)
        registry.delete_ended_row(session_id)
        for cookie in self.visitor.held:
            engines.current().store(cookie).delete()
        here = type(self.user)._base_manager.filter(pk=self.user.pk)
        for name in {"last_login"} & {field.name for field in self.user._meta.concrete_fields}:
            here.filter(last_login=self.user.last_login).update(**{name: self.last_login})


def _logout_url() -> str:
    try:
        return reverse("logout")
    except NoReverseMatch:
        raise CommandError(
            "No URL is named 'logout'. "
            'Add path("accounts/", include("django_logout.urls")) to urlpatterns.'
        ) from None


def _require_middleware(response: Any) -> None:
    request = response.wsgi_request
    wanted = {
        "django.contrib.sessions.middleware.SessionMiddleware": hasattr(request, "session"),
        "django.contrib.auth.middleware.AuthenticationMiddleware": hasattr(request, "user"),
        "django_logout.middleware.LogoutMiddleware": isinstance(
            getattr(request, "session", None), GuardedStore
        ),
    }
    for path, found in wanted.items():
        if not found:
            raise CommandError(f"Requests do not get to {path}. Run manage.py check.")


def _recorded(session_id: UUID) -> dict[str, Any]:
    events = LogoutEvent.objects.using(registry.database()).filter(login_sessions=session_id)
    event = events.first()
    outcomes = {} if event is None else event.outcomes
    return {
        "ended": {name: done["ended"] for name, done in outcomes.items() if done["ended"]},
        "failed": [name for name, done in outcomes.items() if done["error"]],
        "left_behind": {"event": None if event is None else str(event.pk)},
    }


def _exists(cookie: str) -> bool:
    """Whether a request with this cookie would find a session."""
    store: Any = engines.current().store(cookie)
    guard(store)
    return bool(list(store.keys()))


def _is_stored(cookie: str) -> bool:
    """Whether the engine still has the data, refused or not."""
    return bool(list(engines.current().store(cookie).keys()))


def _words(state: State) -> tuple[str, str]:
    signed_in, exists = state
    return (
        "Authenticated user" if signed_in else "User logged out",
        "Active session" if exists else "Session cleared",
    )


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__name__}"

"""Log out, and see and end sessions and tokens, for clients of REST framework."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from django_logout.contrib import api
from django_logout.contrib.drf.schema import EndedSerializer, LogoutSchema, SessionsSerializer
from django_logout.decorators import exempt


class LogoutThrottle(api.FailOpenThrottle, UserRateThrottle):
    """Sixty requests a minute; or what ``DEFAULT_THROTTLE_RATES`` says for ``"logout"``."""

    scope = "logout"

    def get_rate(self) -> Any:
        """The project's, or ours."""
        return api_settings.DEFAULT_THROTTLE_RATES.get(self.scope, "60/min")


class LogoutAPIView(APIView):
    """What the views have in common: who may, how often, and problems as RFC 9457 has them."""

    permission_classes = (IsAuthenticated,)
    throttle_classes = (LogoutThrottle,)
    serializer_class: Any = EndedSerializer
    schema = LogoutSchema()

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view, in no transaction that could take back what has ended. Each way of
        authentication sees to CSRF itself."""
        return exempt(super().as_view(**initkwargs))

    @property
    def plain(self) -> HttpRequest:
        """Django's request, with the framework's ``user`` and ``auth``."""
        request: HttpRequest = self.request._request
        return request

    @property
    def by_session(self) -> bool:
        """Whether the request was let in by its session."""
        return isinstance(self.request.successful_authenticator, SessionAuthentication)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """For the schema only."""
        return self.serializer_class(*args, **kwargs)

    def handle_exception(self, exc: Exception) -> HttpResponse:
        """The framework's errors, as problems."""
        response = super().handle_exception(exc)
        said = response.data if isinstance(response.data, dict) else {"detail": response.data}
        title = HTTPStatus(response.status_code).phrase
        body = {"type": "about:blank", "title": title, "status": response.status_code, **said}
        problem = JsonResponse(
            body, status=response.status_code, content_type="application/problem+json"
        )
        for name, value in response.items():
            problem.headers.setdefault(name, value)
        return problem


class LenientAuthMixin:
    """Mixed in front of a view that logs out: a client whose token is not taken any more has
    nothing to be afraid of."""

    expired: UUID | None = None

    def perform_authentication(self, request: Any) -> None:
        """Whoever is not let in is nobody."""
        view: Any = super()
        try:
            view.perform_authentication(request)
        except APIException as error:
            if error.status_code != HTTPStatus.UNAUTHORIZED and not isinstance(
                error, AuthenticationFailed
            ):
                raise
        if request.successful_authenticator is None:
            self.expired = self._expired(request)

    def _expired(self, request: Any) -> UUID | None:
        view: Any = self
        for way in view.get_authenticators():
            with suppress(APIException):
                if (login := getattr(way, "expired_login", None)) and (found := login(request)):
                    proved: UUID = found
                    return proved
        return None


class LogoutView(LenientAuthMixin, LogoutAPIView):
    """POST ends the session or the token by which the client was let in."""

    permission_classes = (AllowAny,)

    def post(self, request: Any) -> HttpResponse:
        """Log out."""
        return api.log_out(self.plain, by_session=self.by_session, expired=self.expired)


class SessionsView(LogoutAPIView):
    """GET lists the user's sessions and tokens."""

    serializer_class = SessionsSerializer

    def get(self, request: Any) -> HttpResponse:
        """List them, a page at a time."""
        return api.show(self.plain)


class SessionEndView(LogoutAPIView):
    """POST ends one of them."""

    def post(self, request: Any, session_id: UUID) -> HttpResponse:
        """End it."""
        return api.end_one(self.plain, session_id, by_session=self.by_session)


class OthersEndView(LogoutAPIView):
    """POST ends all of them but what let the client in."""

    def post(self, request: Any) -> HttpResponse:
        """End them."""
        return api.end_others(self.plain, by_session=self.by_session)


class EverywhereView(LogoutAPIView):
    """POST ends all of them."""

    def post(self, request: Any) -> HttpResponse:
        """End them."""
        return api.end_all(self.plain, by_session=self.by_session)

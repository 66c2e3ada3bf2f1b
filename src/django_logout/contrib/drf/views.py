"""Log out, and list and end sessions and tokens, for clients of REST framework."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from django_logout.contrib import api
from django_logout.contrib.drf.schema import (
    EndedSerializer,
    LogoutSchema,
    SessionsSerializer,
    SwaggerSchema,
)
from django_logout.decorators import exempt
from django_logout.guard.presented import is_session_user
from django_logout.web.csrf import is_same_origin


class LogoutThrottle(api.ListThrottle, UserRateThrottle):
    """Sixty lists a minute, or the rate of ``"logout"`` in ``DEFAULT_THROTTLE_RATES``."""

    scope = "logout"

    def get_rate(self) -> Any:
        """Return the project's rate, or the default."""
        return api_settings.DEFAULT_THROTTLE_RATES.get(self.scope, "60/min")


class ExemptMixin:
    """Mixin in front of a view that ends sessions. Its transaction could otherwise roll back what
    has ended, and a throttle or a stale CSRF token could prevent it.

    CSRF is checked by the ways of authentication that need it. A request from this origin needs no
    token, as on the pages.
    """

    throttle_classes: Sequence[Any] = ()

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, outside of any transaction."""
        view: Any = super()
        return exempt(view.as_view(**initkwargs))

    def get_authenticators(self) -> list[Any]:
        """Return the ways of authentication, which accept requests from this origin."""
        view: Any = super()
        found: list[Any] = view.get_authenticators()
        for way in found:
            if hasattr(way, "enforce_csrf"):
                way.enforce_csrf = partial(_enforce_csrf, way.enforce_csrf)
        return found


def _enforce_csrf(enforce: Callable[[Any], Any], request: Any) -> None:
    if not is_same_origin(request):
        enforce(request)


class LogoutAPIView(ExemptMixin, APIView):
    """Base of the views: permissions, and errors as RFC 9457 describes them.

    The views pass on Django's request, which has the framework's ``user`` and ``auth``.
    """

    permission_classes = (IsAuthenticated,)
    serializer_class: Any = EndedSerializer
    schema = LogoutSchema()
    swagger_schema = SwaggerSchema()

    @property
    def by_session(self) -> bool:
        """Whether the session authenticated the request, by whatever class."""
        request = self.request
        by_framework = isinstance(request.successful_authenticator, SessionAuthentication)
        return by_framework or is_session_user(request._request, request.user)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Check CSRF for a class that authenticates by the session, and does not check it."""
        super().initial(request, *args, **kwargs)
        way = request.successful_authenticator
        if self.by_session and not hasattr(way, "enforce_csrf"):
            _enforce_csrf(SessionAuthentication().enforce_csrf, request)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Return the serializer of the response, which only the schema uses."""
        return self.serializer_class(*args, **kwargs)

    def handle_exception(self, exc: Exception) -> HttpResponse:
        """Return the framework's error as a problem."""
        response = super().handle_exception(exc)
        data, status = response.data, response.status_code
        body = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            **(data if isinstance(data, dict) else {"detail": data}),
        }
        problem = JsonResponse(body, status=status, content_type="application/problem+json")
        for name, value in response.items():
            problem.headers.setdefault(name, value)
        return problem


class LenientAuthMixin:
    """Mixin in front of a view that logs out: a token that is not accepted any more is no error."""

    #: The login of an expired token with a valid signature, if no credential was accepted.
    expired_login_id: UUID | None = None

    def perform_authentication(self, request: Any) -> None:
        """Treat a client that is not authenticated as anonymous."""
        view: Any = super()
        try:
            view.perform_authentication(request)
        except APIException as error:
            if error.status_code != HTTPStatus.UNAUTHORIZED and not isinstance(
                error, AuthenticationFailed
            ):
                raise
        if request.successful_authenticator is not None:
            return
        for authenticator in request.authenticators:
            find = getattr(authenticator, "expired_login_id", None)
            with suppress(APIException):
                self.expired_login_id = self.expired_login_id or (find and find(request))


class LogoutView(LenientAuthMixin, LogoutAPIView):
    """POST ends the session or revokes the token that authenticated the request."""

    permission_classes = (AllowAny,)

    def post(self, request: Any) -> HttpResponse:
        """Log out."""
        return api.log_out(
            request._request, by_session=self.by_session, expired=self.expired_login_id
        )


class SessionsView(LogoutAPIView):
    """GET lists the user's sessions and tokens."""

    serializer_class = SessionsSerializer
    throttle_classes = (LogoutThrottle,)

    def get(self, request: Any) -> HttpResponse:
        """List one page."""
        return api.list_sessions(request._request, by_session=self.by_session)


class SessionEndView(LogoutAPIView):
    """POST ends one session or token of the user."""

    def post(self, request: Any, session_id: UUID) -> HttpResponse:
        """End the session or token with this id."""
        return api.end_one(request._request, session_id, by_session=self.by_session)


class OthersEndView(LogoutAPIView):
    """POST ends all of the user's sessions and tokens except that of the request."""

    def post(self, request: Any) -> HttpResponse:
        """End the others."""
        return api.end_others(request._request, by_session=self.by_session)


class EverywhereView(LogoutAPIView):
    """POST ends all of the user's sessions and tokens."""

    def post(self, request: Any) -> HttpResponse:
        """End all."""
        return api.end_all(request._request, by_session=self.by_session)

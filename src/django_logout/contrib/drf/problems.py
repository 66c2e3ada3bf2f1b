"""Translate this package's errors into those of Django REST framework, with the members of RFC 9457."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from django_logout.enums import Reason
from django_logout.exceptions import (
    LoginRefused,
    SessionNotEnded,
    SessionUnavailable,
    TokenRefused,
)
from django_logout.responses import messages
from django_logout.responses.base import login_url
from django_logout.utils.context import current_request


class Problem(APIException):
    """An error whose body has further members."""

    def __init__(self, detail: str, **members: str) -> None:
        title = HTTPStatus(self.status_code).phrase
        body = {"type": "about:blank", "title": title, "detail": detail, **members}
        super().__init__(body, code=self.default_code)


class Ended(Problem):
    """The login of the token has ended. The status is 401 with the reason, whatever other ways of
    authentication a view has."""

    status_code = HTTPStatus.UNAUTHORIZED
    default_code = "session_ended"
    auth_header = 'Bearer realm="api", error="invalid_token"'  # RFC 6750, section 3.1

    def __init__(self, reason: str) -> None:
        request = current_request.get()
        members = {} if request is None else {"login_url": login_url(request)}
        detail = str(messages.explain_reason(reason))
        super().__init__(detail, code=self.default_code, reason=str(reason), **members)


class Unavailable(Problem):
    """The status of the login is unknown, so the request is refused with 503."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "session_unavailable"
    wait = 5

    def __init__(self) -> None:
        super().__init__(_("Your login could not be checked. Please try again in a moment."))


@contextmanager
def as_problems() -> Iterator[None]:
    """Raise errors of REST framework in place of this package's."""
    try:
        yield
    except TokenRefused as refused:
        raise Ended(refused.reason) from refused
    except LoginRefused as refused:
        raise Ended(Reason.LOGIN_REFUSED) from refused
    except (SessionUnavailable, SessionNotEnded) as error:
        raise Unavailable from error

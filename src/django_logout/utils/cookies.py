"""Delete cookies, and set them like the session cookie."""

from http.cookies import Morsel
from typing import Any, NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from django_logout.conf import logout_settings


class PartitionedMorsel(Morsel[str]):
    """A cookie with the attribute ``Partitioned``, which the standard library refuses before
    Python 3.14 (python/cpython#112713, Django ticket 34613)."""

    def OutputString(self, attrs: Any = None) -> str:  # noqa: N802 - the name of the base class
        """Return the value of the header, which :meth:`output` puts after its name."""
        return f"{super().OutputString(attrs)}; Partitioned"


def session_cookie_attributes() -> dict[str, Any]:
    """Return the attributes of the session cookie, except its domain."""
    return {
        "path": settings.SESSION_COOKIE_PATH,
        "secure": settings.SESSION_COOKIE_SECURE,
        "samesite": settings.SESSION_COOKIE_SAMESITE,
        "partitioned": session_cookie_partitioned(),
    }


def session_cookie_partitioned() -> bool:
    """Return whether the project sets the session cookie with ``Partitioned``."""
    given = logout_settings().SESSION_COOKIE_PARTITIONED
    # Django may get a setting of this name (ticket 34613), and projects' middleware reads it.
    return getattr(settings, "SESSION_COOKIE_PARTITIONED", False) if given is None else given


def set_cookie_like_session(
    response: HttpResponse, name: str, value: str, **attributes: Any
) -> None:
    """Set a cookie with the attributes of the session cookie, and with others."""
    like_session = session_cookie_attributes()
    partitioned = like_session.pop("partitioned")
    response.set_cookie(name, value, **like_session, **attributes)
    if partitioned:
        make_partitioned(response, name)


def delete_cookie(
    response: HttpResponse,
    name: str,
    *,
    secure: bool | None = False,
    partitioned: bool | None = False,
    **attributes: Any,
) -> None:
    """Delete a cookie. ``secure``, ``partitioned`` and the other attributes are those that it was
    set with.

    Django's ``delete_cookie()`` leaves ``secure`` out, and browsers do not let such a header delete
    a secure cookie over HTTP (RFC 6265bis, "Leave Secure Cookies Alone"). A header without
    ``Partitioned`` deletes another cookie of the same name, if there is one (CHIPS).
    """
    response.delete_cookie(name, **attributes)
    if secure:
        response.cookies[name]["secure"] = True
    if partitioned:
        make_partitioned(response, name)


def delete_cookie_like_session(response: HttpResponse, name: str, **attributes: Any) -> None:
    """Delete a cookie that was set with the attributes of the session cookie, and with others."""
    delete_cookie(response, name, **session_cookie_attributes(), **attributes)


def make_partitioned(response: HttpResponse, name: str) -> None:
    """Add ``Partitioned`` to a cookie of a response, and ``Secure``, without which browsers refuse
    the header.

    Django keeps the object if it sets the cookie again, as ``SessionMiddleware`` does.
    """
    morsel = response.cookies[name]
    morsel["secure"] = True
    if morsel.isReservedKey(
        "partitioned"
    ):  # Python 3.14, or a project that has added the attribute
        morsel["partitioned"] = True
    else:
        partitioned = PartitionedMorsel()
        partitioned.set(morsel.key, morsel.value, morsel.coded_value)
        partitioned.update(morsel)
        response.cookies[name] = partitioned


class Note(NamedTuple):
    """A signed cookie in which a response keeps something for the page that follows it.

    Scripts cannot read it, and other sites cannot send it.
    """

    name: str
    max_age: int
    "For how long it is kept, in seconds."
    salt: str
    path: str = "/"

    def keep(self, request: HttpRequest, response: HttpResponse, value: Any) -> None:
        """Keep a value that JSON can hold."""
        more: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": request.is_secure()}
        signed = signing.dumps(value, salt=self.salt)
        response.set_cookie(self.name, signed, max_age=self.max_age, path=self.path, **more)

    def read(self, request: HttpRequest) -> Any:
        """Return what was kept; ``None`` for nothing, for a forgery, and for what is too old."""
        try:
            return signing.loads(request.COOKIES[self.name], salt=self.salt, max_age=self.max_age)
        except (KeyError, signing.BadSignature):
            return None

    def forget(self, request: HttpRequest, response: HttpResponse) -> None:
        """Delete the cookie once its page is shown."""
        if self.name in request.COOKIES:
            response.delete_cookie(self.name, path=self.path, samesite="Lax")

"""Views that can be stopped between looking at the session and changing it."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    logout,
    update_session_auth_hash,
)
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tests.races.stop_points import stop


def home(request: HttpRequest) -> HttpResponse:
    """Return the name of the user."""
    return HttpResponse(request.user.get_username())


def hold(request: HttpRequest) -> HttpResponse:
    """Return the name of the user, slowly."""
    stop("before load")
    name = request.user.get_username()
    stop("view")
    return HttpResponse(name)


def write(request: HttpRequest) -> HttpResponse:
    """Writes the session."""
    request.session["count"] = request.session.get("count", 0) + 1
    stop("view")
    return HttpResponse(request.user.get_username())


def rotate(request: HttpRequest) -> HttpResponse:
    """Gives the session a new key."""
    name = request.user.get_username()
    stop("view")
    request.session.cycle_key()
    stop("after")
    return HttpResponse(name)


def password(request: HttpRequest) -> HttpResponse:
    """Changes the user's password and stays logged in, as Django's own view does."""
    user = request.user
    user.get_username()
    stop("view")
    user.set_password(request.POST["password"])
    user.save()
    update_session_auth_hash(request, user)
    stop("after")
    return HttpResponse(user.get_username())


def recreate(request: HttpRequest) -> HttpResponse:
    """Saves; and if the session is gone, swallows that and makes a new one of the same data."""
    request.session["count"] = 1
    stop("view")
    try:
        request.session.save()
    except UpdateError:
        request.session.create()
    return HttpResponse("saved")


def resave(request: HttpRequest) -> HttpResponse:
    """Saves; and if the session is gone, swallows that and tries again under a new key."""
    request.session["count"] = 1
    stop("view")
    try:
        request.session.save()
    except UpdateError:
        request.session._session_key = None
        request.session.save()
    return HttpResponse("saved")


def clone(request: HttpRequest) -> HttpResponse:
    """Continue with a copy of the session under a key that is not announced."""
    data = dict(request.session.items())
    stop("view")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    request.session.update(data)
    request.session.save()
    return HttpResponse("copied")


def keep_login(request: HttpRequest, how: str) -> HttpResponse:
    """Empty the session but for the login, as Django stores one, and perhaps rotate its key."""
    login = _login_keys(request)
    stop("view")
    request.session.clear()
    request.session.update(login)
    if how == "rotated":
        request.session.cycle_key()
    stop("after")
    return HttpResponse("kept")


def copy_login(request: HttpRequest) -> HttpResponse:
    """Hand out a session of its own that holds the login of this one."""
    login = _login_keys(request)
    stop("view")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update(login)
    session.save()
    stop("after")
    response = HttpResponse("copied")
    response.set_cookie(settings.SESSION_COOKIE_NAME, session.session_key)
    return response


def replace_session(request: HttpRequest) -> HttpResponse:
    """Continue with a new session that holds the login of the old one and nothing else."""
    login = _login_keys(request)
    stop("view")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    request.session.update(login)
    return HttpResponse("replaced")


def _login_keys(request: HttpRequest) -> dict[str, str]:
    keys = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
    return {key: request.session[key] for key in keys}


def guest(request: HttpRequest) -> HttpResponse:
    """Puts something into the session that the next user's could start with."""
    for key, value in request.GET.items():
        request.session[key] = value
    return HttpResponse("kept")


def plain_logout(request: HttpRequest) -> HttpResponse:
    """Logs out with Django's own function, which may be inside a transaction."""
    logout(request)
    stop("logged out")
    return redirect("/")


def fail_after_logout(request: HttpRequest, which: str) -> HttpResponse:
    """Logs out, and then something goes wrong, loudly or quietly."""
    if which.startswith("ours"):
        from django_logout import logout as ours

        ours(request)
    else:
        logout(request)
    stop("logged out")
    if which.endswith("quietly"):
        transaction.set_rollback(True)
        return redirect("/")
    raise RuntimeError("Something else in this request fails.")


def snapshot(request: HttpRequest) -> HttpResponse:
    """Reads in a transaction whose snapshot is older than what happens meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT COUNT(*) FROM django_logout_loginsession")
        stop("view")
        return HttpResponse(request.user.get_username())


async def awrite(request: HttpRequest) -> HttpResponse:
    """Writes the session, from async code."""
    await request.session.aset("count", 1)
    stop("view")
    return HttpResponse((await request.auser()).get_username())


async def arotate(request: HttpRequest) -> HttpResponse:
    """Gives the session a new key, from async code."""
    name = (await request.auser()).get_username()
    stop("view")
    await request.session.acycle_key()
    return HttpResponse(name)

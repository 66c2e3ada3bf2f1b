"""The car site's URLs, and pages without our script on which browsers are tried out."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import override_settings
from django.urls import path
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as site  # type: ignore[import-not-found]
from django_logout import Target, end_sessions, logout
from django_logout.exceptions import SessionNotEnded
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.notifications.mail import send_new_device_mail
from django_logout.notifications.report import make_token
from django_logout.responses.base import Kind, respond
from django_logout.sessions import activity
from django_logout.utils.cookies import make_partitioned
from tests.e2e import prerendering

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAIVE = """
self.addEventListener("fetch", (event) => event.respondWith((async () => {
  const cache = await caches.open("pages");
  const stored = await cache.match(event.request);
  if (stored) return stored;
  const response = await fetch(event.request);
  if (event.request.method === "GET") await cache.put(event.request, response.clone());
  return response;
})()));
"""
#: As a program for mail might show one.
MAIL = """
body { margin: 0; background: #e9e9ee; font: 16px/1.5 system-ui, sans-serif; color: #1c1c1e }
main { margin: 24px; padding: 20px 28px; background: #fff; border: 1px solid #c9c9d1; border-radius: 8px }
h1 { margin: 0; font-size: 20px } p { margin: 0 0 16px; color: #55555c }
pre { margin: 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere }
"""
_one_at_a_time = Lock()


def by_host(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """A middleware that puts the settings of a variant in force, and lets trial pages off the
    policy."""

    def middleware(request: HttpRequest) -> HttpResponse:
        more = settings.VARIANTS.get(request.get_host().partition(".")[0], {})
        if "URLS" in more:
            request.urlconf = more["URLS"]  # type: ignore[attr-defined]
        with _one_at_a_time, override_settings(**more):
            response = get_response(request)
            for name in settings.PARTITIONED.intersection(response.cookies):
                if response.cookies[name].value:  # as set, and not as deleted
                    make_partitioned(response, name)
        if "/trial/" in request.path or "/undriven/" in request.path:  # rules stand in the page
            del response.headers["Content-Security-Policy"]
        return response

    return middleware


@login_required
def page(request: HttpRequest, name: str) -> HttpResponse:
    """A private page with a plain button; ``?prefetch=/url/`` or ``?prerender=`` looks ahead.

    There is no CSRF token in the form, since that would set a cookie with the page.
    """
    rules = "".join(
        f'<script type="speculationrules">{{"{kind}": [{{"urls": ["{request.GET[kind]}"], '
        f'"eagerness": "immediate"}}]}}</script>'
        for kind in ("prefetch", "prerender")
        if kind in request.GET
    )
    return HttpResponse(
        f"<!DOCTYPE html><title>{name}</title>{rules}<p>{name} of {request.user}</p>"
        f'<a href="{request.GET.get("prefetch", "/trial/page/ahead/")}">ahead</a><form method="post" action="/accounts/logout/">'
        f'<input type="hidden" name="next" value="/trial/public/"><button>Log out</button></form>'
    )


def public(request: HttpRequest) -> HttpResponse:
    """For everybody."""
    return HttpResponse("<!DOCTYPE html><title>public</title>public")


def stored(request: HttpRequest) -> HttpResponse:
    """For everybody, and for long; another text whenever the server is asked."""
    return HttpResponse(uuid4().hex, headers={"Cache-Control": "max-age=3600"})


def end(request: HttpRequest, reason: str) -> HttpResponse:
    """End all sessions from elsewhere, or make them idle, or old, by a day."""
    yesterday = timezone.now() - timedelta(days=1)
    if reason == "idle":
        LoginSession.objects.update(last_seen_at=yesterday)
        activity._memories().clear()
    elif reason == "old":
        LoginSession.objects.update(authenticated_at=yesterday)
    else:
        end_sessions(Target.everyone(), reason=reason)
    return HttpResponse("done")


#: Devices of a user: name, user agent, days since the last use, address, kind.
DEVICES = (
    ("Safari on iPhone", "Mozilla/5.0 (iPhone) Mobile Safari/604.1", 0.1, "203.0.113.0", "session"),
    ("Chrome on Android", "Mozilla/5.0 (Linux; Android 14; Tab)", 3, "198.51.100.0", "session"),
    *(
        ("Firefox on Windows", "Mozilla/5.0 (Windows NT 10.0)", n, "192.0.2.0", "session")
        for n in (1, 2, 9)
    ),
    *(
        (f"Edge {n} on Windows", "Mozilla/5.0 (Windows NT 10.0)", 10 + n, None, "session")
        for n in range(5)
    ),
    ("", "", 21, "2001:db8:1::", "session"),
    # Less than the shortest month: after 30 days it is "4 weeks" or "1 month", by the calendar.
    ("backup-script", "backup-script/1", 27, "192.0.2.0", "Program"),
)


def devices(request: HttpRequest) -> HttpResponse:
    """Log the customer in on many devices, and let some of these sessions end. They began before
    whatever other tests have ended, so that is forgotten."""
    Cutoff.objects.all().delete()
    user, now = get_user_model().objects.get(username="customer"), timezone.now()
    LoginSession.objects.filter(user=user).delete()
    for name, agent, days, address, kind in DEVICES:
        used = now - timedelta(days=days)
        LoginSession.objects.create(
            user=user,
            device=name,
            user_agent=agent,
            ip_address=address,
            kind=kind,
            created_at=used - timedelta(hours=1),
            last_seen_at=used,
            authenticated_at=now,
            expires_at=now + timedelta(days=13),
        )
    for name, reason in (("Opera on Linux", "remote"), ("Safari on macOS", "password_changed")):
        row = LoginSession.objects.create(user=user, device=name, expires_at=now + timedelta(1))
        end_sessions(Target.session(row.pk), reason=reason)
    return HttpResponse("done")


def month(request: HttpRequest) -> HttpResponse:
    """Let sessions have ended on each day of a month, and some be active."""
    devices(request)
    LogoutEvent.objects.all().delete()
    user, now = get_user_model().objects.get(username="customer"), timezone.now()
    for day in range(30):
        for number, reason in enumerate(("user", "idle", "remote", "password_changed")):
            for _ in range((day * (number + 3)) % (7 - number)):
                LogoutEvent.objects.create(
                    user=user,
                    user_label="customer",
                    actor=user,
                    actor_label="customer",
                    reason=reason,
                    scope="session",
                    sessions=1,
                    complete=True,
                    created_at=now - timedelta(days=day),
                )
    return HttpResponse("done")


def mail(request: HttpRequest) -> HttpResponse:
    """Show the mail about a login with a new device."""
    get_user_model().objects.filter(username="customer").update(email="customer@example.com")
    row = LoginSession.objects.get(device="Safari on iPhone")
    with patch.object(EmailMessage, "send", autospec=True) as send:
        send_new_device_mail(str(row.pk), "https://cars.example/")
    sent = send.call_args.args[0]
    return HttpResponse(
        f"<!DOCTYPE html><title>mail</title><style>{MAIL}</style><main><h1>{sent.subject}</h1>"
        f"<p>To: {sent.to[0]}</p><pre>{sent.body}</pre></main>"
    )


def not_ended(request: HttpRequest) -> HttpResponse:
    """What happens if an ending cannot be promised."""
    raise SessionNotEnded


def still_logged_in(request: HttpRequest) -> HttpResponse:
    """What a logout says where the user is known by other means than a session."""
    return respond(request, Kind.STILL_LOGGED_IN)


def report(request: HttpRequest) -> HttpResponse:
    """The link of a mail."""
    user = get_user_model().objects.get(username="customer")
    return redirect("logout_not_me", token=make_token(user, timezone.now()))


def frame(request: HttpRequest) -> HttpResponse:
    """A page with another in a frame, that of ``?page=``."""
    return HttpResponse(f'<!DOCTYPE html><iframe name="embedded" src="{request.GET["page"]}">')


@csrf_exempt
@xframe_options_exempt
def embedded(request: HttpRequest, step: str) -> HttpResponse:
    """A page that another site shows in a frame: log in, log out, or tell which cookies came."""
    response = HttpResponse(" ".join(sorted(request.COOKIES.keys() & settings.PARTITIONED)))
    if step == "login":
        login(request, get_user_model().objects.get(username="customer"))
        response.set_cookie("chat", "1", samesite="None", secure=True)
    elif step == "logout":
        logout(request)
    return response


def worker(request: HttpRequest, kind: str) -> HttpResponse:
    """A service worker: one that stores whatever it sees, or that of the documentation."""
    recipe = re.search(r"```js\n(self\..*?)```", (DOCS / "traces.md").read_text(), re.DOTALL)
    assert recipe
    return HttpResponse(NAIVE if kind == "naive" else recipe[1], content_type="text/javascript")


urlpatterns = [
    path("trial/page/<name>/", page),
    path("trial/public/", public),
    path("trial/stored/", stored),
    path("trial/end/<reason>/", end),
    path("trial/devices/", devices),
    path("trial/month/", month),
    path("trial/mail/", mail),
    path("trial/not-ended/", not_ended),
    path("trial/still-logged-in/", still_logged_in),
    path("trial/report/", report),
    path("trial/frame/", frame),
    path("trial/embedded/<step>/", embedded),
    path("worker-<kind>.js", worker),
    *prerendering.urlpatterns,
    *site,
]

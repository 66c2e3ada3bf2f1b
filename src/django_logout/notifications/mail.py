"""Mail users about a login with a new device, and about sessions that were ended from elsewhere,
if ``LOGOUT["NOTIFY"]`` asks for it.

The mails are written after the commit, from ids. A mail that fails is logged and changes nothing.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import DisallowedHost, ImproperlyConfigured, ObjectDoesNotExist
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils import timezone, translation

from django_logout.conf import logout_settings
from django_logout.enums import ASKED_BY_USER, Reason
from django_logout.guard import presented
from django_logout.models import LoginSession, LogoutEvent
from django_logout.notifications import report
from django_logout.notifications.tasks import after_commit, task
from django_logout.responses import messages
from django_logout.sessions import registry
from django_logout.sessions.devices import device_name, network, shown_address
from django_logout.sessions.identity import is_derived
from django_logout.types import Ending
from django_logout.utils.redirects import reverse_here

#: Endings about which no mail is sent: they are automatic, or the user has asked for them by mail,
#: or the user is deleted.
QUIET = {
    Reason.IDLE,
    Reason.ABSOLUTE_TIMEOUT,
    Reason.EXPIRED,
    Reason.FLUSHED,
    Reason.SWITCHED,
    Reason.REPORTED,
    Reason.DELETED,
}
#: Maximum number of devices that a mail names.
MAX_DEVICES = 10


def on_login(
    sender: Any, session: LoginSession, request: HttpRequest | None, **kwargs: Any
) -> None:
    """Mail the user after a login with a new device.

    A login whose row was rolled back is announced a second time. Its first mail was not sent.
    """
    if "new_device" in logout_settings().NOTIFY:
        after_commit(send_new_device_mail, session_id=str(session.pk), site=_site_url(request))


def on_ending(sender: Any, ending: Ending, event: LogoutEvent, **kwargs: Any) -> None:
    """Mail each user of the event once about the sessions that have ended."""
    if "sessions_ended" not in logout_settings().NOTIFY or ending.reason in QUIET:
        return
    # The user of this browser has seen its own sessions end.
    own_ids = presented.own_session_ids(ending.request)
    # A login of another user model has no user here.
    notified: set[Any] = event.__dict__.setdefault("_django_logout_notified", {None})
    for session in ending.sessions:
        if session.id in own_ids or session.user_id in notified or is_derived(session.id):
            continue
        notified.add(session.user_id)
        after_commit(
            send_sessions_ended_mail,
            event_id=str(event.pk),
            user_id=str(session.user_id),
            own=sorted(map(str, own_ids)),
            site=_site_url(ending.request),
        )


@task
def send_new_device_mail(session_id: str, site: str) -> None:
    """Mail the user of a login, unless the user has logged in with this device before."""
    row = registry.sessions().filter(pk=session_id).select_related("user").first()
    if row is not None and row.user_id is not None and _is_new_device(row):
        context = {"ip_address": shown_address(row.ip_address)}
        _send("new_device", row.user, row.created_at, site, [row.user_agent], context)


@task
def send_sessions_ended_mail(event_id: str, user_id: str, own: list[str], site: str) -> None:
    """Mail the user which sessions have ended, and why."""
    event = LogoutEvent.objects.using(registry.database()).filter(pk=event_id).first()
    user = registry.find_user(user_id)
    if event is None or user is None:
        return
    ended = registry.sessions().filter(event_id=event.pk, user_id=user.pk, origin__isnull=True)
    ended = ended.exclude(pk__in=own)
    agents = list(ended.values_list("user_agent", flat=True)[:MAX_DEVICES])
    why = messages.explain_reason(event.reason)
    if event.reason in ASKED_BY_USER:
        why = translation.gettext_lazy("Someone who was logged in to your account requested it.")
    _send("sessions_ended", user, event.created_at, site, agents, {"reason": why})


def _is_new_device(row: LoginSession) -> bool:
    """Return whether the user has logged in before, but never with this browser in this network.

    The stored names depend on the parser that was installed at the time, so the names are computed
    again from the user agents.
    """
    rows = registry.sessions().filter(user=row.user_id, created_at__lt=row.created_at)
    rows = rows.filter(origin__isnull=True)  # The device of an impersonator is none of the user's.
    rows = rows.exclude(user_agent="", ip_address=None).order_by()
    seen = set(rows.values_list("user_agent", "ip_address").distinct())
    names = {agent: device_name(agent) for agent in {row.user_agent, *(a for a, _ in seen)}}
    known = {(names[agent], network(address)) for agent, address in seen}
    return bool(known) and (names[row.user_agent], network(row.ip_address)) not in known


def _site_url(request: HttpRequest | None) -> str:
    """Return the URL of this site, or ``""`` if it is not known.

    The sites framework names it, or else the request, as for Django's mails on lost passwords.
    """
    prefix = get_script_prefix()
    try:
        if not apps.is_installed("django.contrib.sites"):
            return request.build_absolute_uri(prefix) if request is not None else ""
        domain = get_current_site(request).domain
    except (ObjectDoesNotExist, ImproperlyConfigured, DisallowedHost, KeyError):
        return ""  # KeyError: a request that no server has made, as in tests, has no host.
    scheme = "https" if request is None else request.scheme
    return f"{scheme}://{domain}{prefix}"


def _send(
    template: str, user: Any, when: datetime, site: str, agents: list[str], context: dict[str, Any]
) -> None:
    address = getattr(user, user.get_email_field_name(), "")
    if not address or not user.is_active:
        return
    try:
        language = translation.get_supported_language_variant(str(getattr(user, "language", "")))
    except LookupError:  # The user model has no language, or the site does not support it.
        language = settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(None):
        devices = [name for name in map(device_name, agents) if name]
        # The path of the link may depend on the language. Without a page, there is no link.
        path = reverse_here(None, "logout_not_me", token=report.make_token(user, when))
        context = {
            **context,
            "user": user,
            "account": user.get_username(),
            "when": when,
            "devices": list(dict.fromkeys(devices)),
            "device": next(iter(devices), ""),
            "site": urlsplit(site).netloc,
            "not_me_url": site and path and site + path.removeprefix(get_script_prefix()),
        }
        subject = render_to_string(f"django_logout/mail/{template}_subject.txt", context)
        body = render_to_string(f"django_logout/mail/{template}.txt", context)
    EmailMessage(
        " ".join(subject.split()),
        f"{body.strip()}\n",
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},  # No automatic replies, please (RFC 3834).
    ).send()

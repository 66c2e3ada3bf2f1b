"""Mails to users, for sites that ask for them with ``LOGOUT["NOTIFY"]``: of a login with a new
device, and of sessions that were ended from elsewhere.

What is to be said is found out after the commit, by ids; a mail that fails is logged, no more.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import DisallowedHost, ImproperlyConfigured, ObjectDoesNotExist
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils import timezone, translation

from django_logout.conf import logout_settings
from django_logout.enums import Reason
from django_logout.guard import presented
from django_logout.models import LoginSession, LogoutEvent
from django_logout.notifications import report
from django_logout.notifications.tasks import after_commit, task
from django_logout.responses import messages
from django_logout.sessions import registry
from django_logout.sessions.devices import device_name, network
from django_logout.types import EndedSession

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Endings that are nobody's doing, or that the user has just asked for by mail, or that leave
#: nobody to write to.
QUIET = {
    Reason.IDLE,
    Reason.ABSOLUTE_TIMEOUT,
    Reason.EXPIRED,
    Reason.FLUSHED,
    Reason.SWITCHED,
    Reason.REPORTED,
    Reason.DELETED,
}
#: Devices that a mail names.
NAMED = 10


def on_login(
    sender: Any, session: LoginSession, request: HttpRequest | None, **kwargs: Any
) -> None:
    """A session has begun: its user may be told. Once more if that was rolled back while the
    session lived on; then the first time has come to nothing."""
    if "new_device" in logout_settings().NOTIFY:
        after_commit(tell_of_new_device, session_id=str(session.pk), site=_site(request))


def on_ending(
    sender: Any,
    session: EndedSession,
    reason: str,
    event: LogoutEvent,
    request: HttpRequest | None,
    **kwargs: Any,
) -> None:
    """A session has ended: one mail for each user whom the event is about."""
    if "sessions_ended" not in logout_settings().NOTIFY or reason in QUIET:
        return
    here = presented.own_session_ids(request)  # whoever sits there has seen it
    told: set[Any] = event.__dict__.setdefault("_django_logout_told", set())
    if session.id in here or session.user_id in told:
        return
    told.add(session.user_id)
    after_commit(
        tell_of_ending,
        event_id=str(event.pk),
        user_id=str(session.user_id),
        own=sorted(map(str, here)),
        site=_site(request),
    )


@task
def tell_of_new_device(session_id: str, site: str) -> None:
    """Write to the user, unless they have been seen with this device before."""
    row = registry.sessions().filter(pk=session_id).select_related("user").first()
    if row is not None and _is_new(row):
        about = {"ip_address": row.ip_address}
        _send("new_device", row.user, row.created_at, site, [row.user_agent], about)


@task
def tell_of_ending(event_id: str, user_id: str, own: list[str], site: str) -> None:
    """Write to the user which sessions have ended, and why."""
    event = LogoutEvent.objects.using(registry.database()).filter(pk=event_id).first()
    user_model = get_user_model()
    users = user_model._base_manager.using(registry.database())
    user: Any = users.filter(pk=user_model._meta.pk.to_python(user_id)).first()
    if event is None or user is None:
        return
    ended = registry.sessions().filter(event_id=event.pk, user_id=user.pk).exclude(pk__in=own)
    agents = list(ended.values_list("user_agent", flat=True)[:NAMED])
    about = {"reason": _why(event.reason)}
    _send("sessions_ended", user, event.created_at, site, agents, about)


def _is_new(row: LoginSession) -> bool:
    """Whether the registry knows this user's devices, and this browser in this network is none of
    them. Names differ with what finds them, so user agents are compared, by today's names."""
    earlier = registry.sessions().filter(user_id=row.user_id, created_at__lt=row.created_at)
    told = earlier.exclude(user_agent="", ip_address=None).order_by()
    seen = set(told.values_list("user_agent", "ip_address").distinct())
    names = {agent: device_name(agent) for agent in {row.user_agent, *(a for a, _ in seen)}}
    known = {(names[agent], network(address)) for agent, address in seen}
    return bool(known) and (names[row.user_agent], network(row.ip_address)) not in known


def _why(reason: str) -> Any:
    if reason == Reason.USER:
        return translation.gettext_lazy("Somebody who was logged in to your account asked for it.")
    return messages.explain(reason)


def _site(request: HttpRequest | None) -> str:
    """Where this site begins; ``""`` if nobody knows. Known from the sites framework, else from the
    request, as for Django's mails on lost passwords."""
    prefix = get_script_prefix()
    try:
        if not apps.is_installed("django.contrib.sites"):
            return request.build_absolute_uri(prefix) if request is not None else ""
        domain = get_current_site(request).domain
    except (ObjectDoesNotExist, ImproperlyConfigured, DisallowedHost):
        return ""
    except KeyError:  # a request that no server has made, as in tests: it has no host
        return ""
    scheme = "https" if request is None else request.scheme
    return f"{scheme}://{domain}{prefix}"


def _link(site: str, user: Any, when: datetime) -> str:
    """Where the user says "this was not me", in the language that is spoken now; ``""`` where
    there is no such page."""
    try:
        path = reverse("logout_not_me", kwargs={"token": report.token(user, when)})
    except NoReverseMatch:
        return ""
    return site and site + path.removeprefix(get_script_prefix())


def _send(
    kind: str, user: Any, when: datetime, site: str, agents: list[str], about: dict[str, Any]
) -> None:
    address = getattr(user, user.get_email_field_name(), "")
    if not address or not user.is_active:
        return
    with translation.override(_language(user)), timezone.override(None):
        devices = [name for name in map(device_name, agents) if name]
        context = {
            **about,
            "user": user,
            "account": user.get_username(),
            "when": when,
            "devices": list(dict.fromkeys(devices)),
            "device": next(iter(devices), ""),
            "site": urlsplit(site).netloc,
            "not_me_url": _link(site, user, when),
        }
        subject = render_to_string(f"django_logout/mail/{kind}_subject.txt", context)
        body = render_to_string(f"django_logout/mail/{kind}.txt", context)
    # No out-of-office note is to answer it (RFC 3834).
    headers = {"Auto-Submitted": "auto-generated"}
    EmailMessage(
        " ".join(subject.split()), f"{body.strip()}\n", to=[address], headers=headers
    ).send()


def _language(user: Any) -> str:
    """``user.language``, if the user model has that and the site speaks it."""
    try:
        return translation.get_supported_language_variant(str(getattr(user, "language", "")))
    except LookupError:
        return settings.LANGUAGE_CODE

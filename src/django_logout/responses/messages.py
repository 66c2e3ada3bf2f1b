"""The sentences that more than one kind of answer says."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from django_logout.enums import SESSION, Reason
from django_logout.types import LogoutResult


def explain(reason: str) -> Any:
    """The sentence for a reason; a project's own reasons have none, and say just that it ended."""
    try:
        return Reason(reason).label
    except ValueError:
        return Reason.UNKNOWN.label


def reauthenticate() -> str:
    """Why somebody who is logged in is sent to log in."""
    return _("You logged in a while ago. Log in again to end other sessions.")


def choose() -> str:
    """Why somebody who has proved who they are is not logged in yet."""
    return _("You are logged in on as many devices as is allowed. Choose which of them to log out.")


def choose_more() -> str:
    """Why that was not enough."""
    return _("Nothing has ended: more has to end before you can log in here.")


def count(result: LogoutResult) -> str:
    """What has ended and what was spared, in numbers, and whether that is all there was to end."""
    sessions = result.ended.get(SESSION, 0)
    programs = sum(result.ended.values()) - sessions - result.ended.get("cookie", 0)
    found = [
        (sessions, _("Sessions ended: %(number)d.")),
        (programs, _("Logins of programs ended: %(number)d.")),
        (sum(result.exempt.values()), _("API keys that stay: %(number)d.")),
    ]
    said = [sentence % {"number": number} for number, sentence in found if number]
    if not (sessions or programs):
        said.insert(0, _("That had already ended."))
    if not result.complete:
        said.append(_("Something that belongs to it could not be revoked yet."))
    return " ".join(said)

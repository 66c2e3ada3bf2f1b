"""The sentences that more than one kind of answer says."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from django_logout.types import LogoutResult, Reason


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
    """How many sessions have ended, and whether that is all there was to end."""
    number = result.ended.get("session", 0)
    sentence = _("That had already ended.")
    if number:
        sentence = _("Sessions ended: %(number)d.") % {"number": number}
    if result.complete:
        return sentence
    left = _("Something that belongs to it could not be revoked yet.")
    return f"{sentence} {left}"

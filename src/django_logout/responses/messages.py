"""The sentences that more than one kind of response uses."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_logout.enums import SESSION, Reason
from django_logout.types import LogoutResult

#: Why a logged-in user is sent to the login page.
REAUTHENTICATE = gettext_lazy("You logged in a while ago. Log in again to end other sessions.")
#: Why a user with correct credentials is not logged in yet.
CHOOSE = gettext_lazy(
    "You are logged in on as many devices as is allowed. Choose which of them to log out."
)
#: Why the user has to choose again.
CHOOSE_MORE = gettext_lazy("Nothing has ended: more has to end before you can log in here.")


def explain_reason(reason: str) -> Any:
    """Return the sentence for a reason. A reason of the project's own has none, so its sentence
    only says that the session has ended."""
    try:
        return Reason(reason).label
    except ValueError:
        return Reason.UNKNOWN.label


def describe_result(result: LogoutResult) -> str:
    """Say how many sessions and tokens ended, how many are exempt, and whether anything is left to
    revoke."""
    sessions = result.ended.get(SESSION, 0)
    programs = sum(result.ended.values()) - sessions - result.ended.get("cookie", 0)
    counts = [
        (sessions, _("Sessions ended: %(number)d.")),
        (programs, _("Logins of programs ended: %(number)d.")),
        (sum(result.exempt.values()), _("API keys that stay: %(number)d.")),
    ]
    sentences = [sentence % {"number": number} for number, sentence in counts if number]
    if not (sessions or programs):
        sentences.insert(0, _("That had already ended."))
    if not result.complete:
        sentences.append(_("Something that belongs to it could not be revoked yet."))
    return " ".join(sentences)

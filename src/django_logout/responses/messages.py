"""The sentences that more than one kind of response uses."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_logout import hooks
from django_logout.enums import SESSION, Reason
from django_logout.types import LogoutResult

#: Why a logged-in user is sent to the login page.
REAUTHENTICATE = gettext_lazy(
    "You logged in a while ago. To end other sessions, please log in again."
)
#: Why an administrator cannot end the other sessions of the user who is impersonated.
IMPERSONATED = gettext_lazy(
    "You are acting as another user. Only that user can end sessions here, except this one."
)
#: Why a user who has logged out is still logged in.
STILL_LOGGED_IN = gettext_lazy(
    "Your session has ended, but your network or an app still tells this site who you are, with "
    "every request. To log out, end the access there."
)
#: Why a user with correct credentials is not logged in yet.
CHOOSE = gettext_lazy(
    "You are already logged in on the maximum number of devices. Choose where to log out."
)
#: Why the user has to choose again.
CHOOSE_MORE = gettext_lazy("Nothing was changed. To log in here, select more sessions to end.")
#: Why nothing ends.
NONE_SELECTED = gettext_lazy("Nothing was changed. Select the sessions that you want to end.")

#: Why a browser that has logged out may still have a session.
TOO_MANY_COOKIES = gettext_lazy(
    "Your browser sent too many session cookies, so you may still be logged in. "
    "Delete the cookies of this site to be sure."
)


def explain_reason(reason: str, request: HttpRequest | None = None) -> Any:
    """Return the sentence for a reason, for the user whom a request is from. A reason of the
    project's own has none, so its sentence only says that the session has ended."""
    if (explain := hooks.explanations.get(reason)) and (sentence := explain(request)):
        return sentence
    try:
        return Reason(reason).label
    except ValueError:
        return Reason.UNKNOWN.label


def describe_result(result: LogoutResult, device: str = "") -> str:
    """Say how many sessions and tokens ended, how many are exempt, and whether anything is left to
    revoke; or, if a single one was to end and nothing else happened, only of which device it was."""
    if device and result.complete and sum(result.ended.values()) == 1:
        return _("Logged out: %(device)s.") % {"device": device}
    sessions = result.ended.get(SESSION, 0)
    programs = sum(result.ended.values()) - sessions - result.ended.get("cookie", 0)
    counts = [
        (sessions, _("Sessions ended: %(number)d.")),
        (programs, _("App logins ended: %(number)d.")),
        (sum(result.exempt.values()), _("API keys kept: %(number)d.")),
    ]
    sentences = [sentence % {"number": number} for number, sentence in counts if number]
    if not (sessions or programs):
        sentences.insert(0, _("There was nothing left to end."))
    if not result.complete:
        sentences.append(_("Some related access could not be revoked yet."))
    return " ".join(sentences)

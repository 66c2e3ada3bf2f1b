"""What users are told about the applications that have to hear of their logouts."""

from collections.abc import Collection
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from django_logout.federation import client_links, libraries
from django_logout.federation.applications import registered_only
from django_logout.federation.models import Delivery
from django_logout.federation.outbox import deliveries

State = Delivery.State
#: The state that counts, if an application has to hear of several sessions.
WORST = (State.HEARD, State.WAITING, State.FAILED)


def tell(event_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return a sentence for each application, by the endings of which they have to hear.

    Of an ending of several users nothing is said: each would read what the others use.
    """
    if not libraries.connected():
        return {}
    rows = deliveries().filter(event__in=event_ids, event__user__isnull=False, client_id__gt="")
    states: dict[tuple[UUID, str], State] = {}
    for event_id, client_id, state in rows.values_list("event_id", "client_id", "state"):
        key, found = (event_id, client_id), State(state)
        states[key] = max(states.get(key, found), found, key=WORST.index)
    known = libraries.find_applications({client_id for _event, client_id in states})
    sentences: dict[UUID, list[str]] = {}
    for (event_id, client_id), state in sorted(states.items(), key=lambda item: item[0][1]):
        app = libraries.title_of(client_id, known)
        sentences.setdefault(event_id, []).append(_sentence(state) % {"app": app})
    return sentences


def applications_of(request: HttpRequest) -> list[str]:
    """Return what the applications are called that will hear if the session of a request ends."""
    session_id = client_links.current_session_id(getattr(request.user, "pk", None))
    if session_id is None:
        return []
    links = client_links.links().filter(session=session_id)
    client_ids = sorted(registered_only(links).values_list("client_id", flat=True))
    known = libraries.find_applications(client_ids)
    return [libraries.title_of(client_id, known) for client_id in client_ids]


def _sentence(state: State) -> str:
    if state is State.HEARD:
        return _("%(app)s has logged you out, too.")
    if state is State.WAITING:
        return _("%(app)s does not know of it yet. You may still be logged in there.")
    return _("%(app)s could not be told. You may still be logged in there.")

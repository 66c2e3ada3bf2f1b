"""Deliver logouts to the applications that have to hear of them (Back-Channel Logout 1.0, section 2.5).

Any number of processes may run this at once. A row is claimed by a conditional UPDATE with a lease,
on every database, so one that died is taken up again when its lease is over: an application may hear
a logout twice then, with another ``jti``, but none is left out. (``SKIP LOCKED`` costs PostgreSQL a
transaction for each claim, and four processes lose as many claims with it as without it.) Of each
application one delivery is under way at a time, so one that does not answer holds up no other.
Clocks may differ, and be wrong.
"""

import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from math import inf
from random import shuffle
from threading import Event
from time import monotonic, sleep, time
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import Error, close_old_connections, connections
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from django_logout.federation import applications, fetch, libraries, outbox
from django_logout.federation.applications import Registration
from django_logout.federation.fetch import FetchFailed
from django_logout.federation.libraries import Application
from django_logout.federation.models import Delivery
from django_logout.federation.outbox import deliveries
from django_logout.hooks import Attempt
from django_logout.sessions import registry
from django_logout.signals import delivery_settled
from django_logout.utils.rate_limit import RateLimit

logger = logging.getLogger("django_logout.federation")

State = Delivery.State
EVENT = "http://schemas.openid.net/event/backchannel-logout"

#: How long a try may take in all, in seconds, and how many bytes of the answer are read.
SECONDS = 5.0
MAX_ANSWER = 1024
#: How many deliveries are under way at a time, in one process.
THREADS = 20
#: Longer than a try takes. A row whose worker has died is taken up again after it.
LEASE = timedelta(seconds=60)
#: How long a token is valid.
TOKEN_AGE = timedelta(minutes=2)
#: The wait after the first failure. It doubles, up to the longest.
WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=2)
#: How long it is tried.
GIVE_UP = timedelta(hours=24)
#: How often due rows are looked for, in seconds.
POLL = 1.0
#: How far the clocks of two machines may differ. What is due so soon is due now.
SKEW = timedelta(seconds=2)
#: Of how many applications the registrations are read at once, and for how many seconds they count.
KNOWN, KNOWN_SECONDS = 100, 1.0

#: How many deliveries that are too old are given up at once.
BATCH = 500

_failures = RateLimit(count=1, seconds=60)
#: How often times are mended that a wrong clock has written.
_mendings = RateLimit(count=1, seconds=60)

DONE = object()
HEARD = frozenset({200, 204})
#: Statuses of the 400s after which it may work later: the request timed out, too many requests.
TEMPORARY = frozenset({408, 429})


class Answer(NamedTuple):
    """What has come of one try."""

    status: int | None = None
    error: str = ""
    is_final: bool = False

    @property
    def is_heard(self) -> bool:
        """Whether the application has heard."""
        return self.status in HEARD


class Sender:
    """Delivers what is due: until nothing is, or for some seconds, or, with ``stop``, until that is
    set."""

    def __init__(self, stop: Event | None = None, *, seconds: float = inf) -> None:
        self.stop = stop
        self._stop_at = monotonic() + seconds
        #: How many have been ``heard``, will be tried ``again``, or have ``failed`` for good.
        self.counts: Counter[str] = Counter()
        #: When those that will be tried again are due, in whole seconds.
        self.due_again: set[datetime] = set()
        #: Whether nothing was left that is due.
        self.is_done = False
        self._clients: deque[str] = deque()
        self._sweeps: dict[Delivery, Iterator[None]] = {}
        self._running: dict[Future[Answer], Delivery] = {}
        self._known = KnownApplications()
        self._look_at = -inf

    def run(self) -> Counter[str]:
        """Deliver, and return the counts.

        Without ``stop``, an error of the database is raised; with it, it is logged and waited out.
        """
        with ThreadPoolExecutor(THREADS, thread_name_prefix="logout") as pool:
            try:
                while not self._is_stopped():
                    try:
                        if not self._turn(pool):
                            self.is_done = True
                            break
                    except Error:
                        if self.stop is None:
                            raise
                        if _failures.admit() is not None:
                            logger.exception("Deliveries of logouts wait for the database.")
                        connections[registry.database()].close()
                        self.stop.wait(POLL)
            finally:
                self._settle_all()
        return self.counts

    def _is_stopped(self) -> bool:
        return monotonic() >= self._stop_at or (self.stop is not None and self.stop.is_set())

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        """Settle what is done and begin what is due. Return false if nothing is left to do."""
        # First, because a lease may be over: what has been heard must not be claimed again.
        self._settle(future for future in list(self._running) if future.done())
        if monotonic() >= self._look_at or not (self._clients or self._running or self._sweeps):
            self._look()
        is_idle = not (self._clients or self._sweeps)
        while self._clients and len(self._running) < THREADS:
            self._begin(self._clients.popleft(), pool)
        for row in list(self._sweeps):
            self._sweep_on(row)
        if self._running:
            self._settle(self._wait(0.0 if self._sweeps else POLL))
        elif is_idle:
            if self.stop is None:
                return False
            close_old_connections()
            self.stop.wait(POLL)
        return True

    def _look(self) -> None:
        """Find the applications with due deliveries of which none is under way."""
        if _mendings.admit() is not None:
            mend_times()
        under_way = _under_way().filter(client_id=OuterRef("client_id"))
        due = _due().filter(~Exists(under_way)).order_by().values_list("client_id", flat=True)
        queued = set(self._clients)
        found = [each for each in due.distinct() if each not in queued]
        shuffle(found)  # Processes that look at once begin with others.
        self._clients.extend(found)
        self._look_at = monotonic() + POLL

    def _begin(self, client_id: str, pool: ThreadPoolExecutor) -> None:
        row = claim(client_id)
        if row is None:
            return
        if not client_id:
            self._sweeps[row] = outbox.sweep(row)
        elif outbox.split(row):
            self._clients.append(client_id)
        else:
            self._running[pool.submit(prepare(row, self._known.find(client_id, self._clients)))] = (
                row
            )

    def _sweep_on(self, row: Delivery) -> None:
        """Do one batch of a sweep, which keeps its lease until all are done."""
        mine = deliveries().filter(pk=row.pk, lease=row.lease)
        if next(self._sweeps[row], DONE) is DONE:
            mine.delete()
            self._look_at = -inf
        elif mine.update(leased_until=timezone.now() + LEASE):
            return
        del self._sweeps[row]

    def _wait(self, seconds: float) -> Iterable[Future[Answer]]:
        """Return what is done, within so many seconds."""
        return wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED).done

    def _settle(self, done: Iterable[Future[Answer]]) -> None:
        for future in done:
            row, answer = self._running[future], future.result()
            outcome = settle(row, answer)  # If this fails, it is done again later.
            del self._running[future]
            self.counts[outcome] += 1
            if outcome == "again":
                self.due_again.add(row.due_at.replace(microsecond=0))
            if answer.is_heard or answer.is_final:
                self._clients.append(row.client_id)  # It may have another one.

    def _settle_all(self) -> None:
        """Settle all that has been sent, and wait for the database as long as a lease lasts."""
        until = monotonic() + LEASE.total_seconds()
        while self._running:
            try:
                self._settle(self._wait(POLL))
            except Error:
                if monotonic() >= until:
                    raise
                connections[registry.database()].close()
                sleep(POLL)


class KnownApplications:
    """The registrations of applications, read for many at once, and again after a second."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Registration, Application] | None] = {}
        self._until = -inf

    def find(
        self, client_id: str, others: Iterable[str]
    ) -> tuple[Registration, Application] | None:
        """Return what is known of an application; ``None`` if it is not to be told. Those of which
        the next question will be are read along with it."""
        if client_id not in self._found or monotonic() >= self._until:
            client_ids = {client_id, *islice(others, KNOWN)}
            registrations = applications.find_registrations(client_ids)
            found = libraries.find_applications(list(registrations))
            self._found = {
                each: (registrations[each], found[each]) if each in found else None
                for each in client_ids
            }
            self._until = monotonic() + KNOWN_SECONDS
        return self._found[client_id]


def deliver(stop: Event | None = None) -> Counter[str]:
    """Deliver all that is due, or what comes until ``stop`` is set. See :class:`Sender`."""
    return Sender(stop).run()


def claim(client_id: str) -> Delivery | None:
    """Return the oldest due delivery of an application, which is no one else's from now on.

    Return ``None`` if there is none, or if another one is under way.
    """
    # Of several processes all choose the same one, the oldest, and one of them wins it.
    free = _due().filter(~Exists(_under_way().filter(client_id=client_id)), client_id=client_id)
    row = free.order_by("due_at", "pk").first()
    if row is None:
        return None
    row.lease, row.leased_until = uuid4(), timezone.now() + LEASE
    lease = {"lease": row.lease, "leased_until": row.leased_until}
    won = _due().filter(pk=row.pk).update(**lease, tries=F("tries") + 1)
    row.tries += 1
    return row if won else None


def prepare(row: Delivery, known: tuple[Registration, Application] | None) -> Callable[[], Answer]:
    """Return what posts a delivery, without the database, or what says why it cannot be posted."""
    if known is None:
        return partial(Answer, error="unregistered", is_final=True)
    registration, application = known
    try:
        token = application.sign(claims_of(row))
    except Exception:
        # Each library has errors of its own for a key that is missing.
        logger.exception("A logout token for %s cannot be signed.", row.client_id)
        return partial(Answer, error="unsigned")
    form = urlencode({"logout_token": token}).encode()
    how: dict[str, Any] = {
        "trusted_network": applications.trusted_networks(),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }

    def send() -> Answer:
        try:
            status = post(registration.uri, form, **how).status
        except FetchFailed as error:
            return Answer(error=error.code)
        except Exception:
            # One delivery must not stop those of all others.
            logger.exception("A logout could not be posted to %s.", row.client_id)
            return Answer(error="error")
        refused = 300 <= status < 500 and status not in TEMPORARY
        return Answer(status, is_final=refused)

    return send


def post(uri: str, form: bytes, **how: Any) -> fetch.Answer:
    """Post a form, as :func:`fetch.send` does."""
    return fetch.send("POST", uri, body=form, seconds=SECONDS, max_bytes=MAX_ANSWER, **how)


def claims_of(row: Delivery) -> dict[str, Any]:
    """Return the claims of a logout token (section 2.4), which is new at each try."""
    # Without `timezone`: with USE_TZ off, an hour in autumn comes twice.
    now = int(time())
    claims = {
        "iss": row.issuer,
        "aud": row.client_id,
        "iat": now,
        "exp": now + int(TOKEN_AGE.total_seconds()),
        "jti": secrets.token_urlsafe(16),
        "events": {EVENT: {}},
        "sub": row.subject,
    }
    return {**claims, "sid": row.sid} if row.sid else claims


def settle(row: Delivery, answer: Answer) -> str:
    """Write what has come of a try, unless the row has been given to another worker meanwhile.

    Return ``heard``, ``failed`` or ``again``. An application that does not answer is left alone until
    the next try, with all that it has to hear.
    """
    now = timezone.now()
    changes: dict[str, Any] = {"last_status": answer.status, "last_error": answer.error}
    changes |= {"lease": None, "leased_until": None}
    if answer.is_heard or answer.is_final or row.created_at + GIVE_UP <= now:
        state = State.HEARD if answer.is_heard else State.FAILED
        changes |= {"state": state, "settled_at": now}
    else:
        changes["due_at"] = now + wait_after(row.tries)
    mine = deliveries().filter(pk=row.pk, lease=row.lease, state=State.WAITING)
    if not mine.update(**changes):
        return "again"
    # Not before: if the database has failed, this is done again, and needs the lease.
    for field, value in changes.items():
        setattr(row, field, value)
    if row.state != State.WAITING:
        announce(row)
    if not (answer.is_heard or answer.is_final):
        _hold_back(row, now)
    return "again" if row.state == State.WAITING else str(row.state)


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many failures."""
    return min(WAIT * (1 << min(tries - 1, 10)), LONGEST_WAIT)


def announce(row: Delivery) -> None:
    """Tell the log and the signal that nothing more is tried."""
    extra = {
        "event": str(row.event_id),
        "client": row.client_id,
        "state": str(row.state),
        "status": row.last_status,
        "error": row.last_error,
        "tries": row.tries,
    }
    heard = row.state == State.HEARD
    level = logging.INFO if heard else logging.WARNING
    what = "has heard" if heard else "has not heard"
    logger.log(level, "The application %s %s of a logout.", row.client_id, what, extra=extra)
    delivery_settled.send_robust(sender=Delivery, delivery=row)


def retry_deliveries(event_ids: Collection[UUID], *, now: bool, dry_run: bool) -> Iterator[Attempt]:
    """Deliver what is due. With ``now`` or ids, take up again also what waits and what has failed.

    An application whose delivery is too old is tried once.
    """
    rows = deliveries().filter(client_id__gt="").exclude(state=State.HEARD)
    if event_ids:
        rows = rows.filter(event_id__in=event_ids)
    if not (now or event_ids):
        rows = rows.filter(pk__in=_due().values("pk"))
    chosen: dict[UUID, list[str]] = {}
    for event_id, client_id in rows.order_by("created_at").values_list("event_id", "client_id"):
        chosen.setdefault(event_id, []).append(client_id)
    if not dry_run:
        if now or event_ids:
            again = {"state": State.WAITING, "due_at": timezone.now(), "settled_at": None}
            rows.filter(Q(leased_until=None) | Q(leased_until__lte=timezone.now())).update(**again)
        deliver()
    for event_id, client_ids in chosen.items():
        if not dry_run:
            left = deliveries().filter(event_id=event_id).exclude(state=State.HEARD)
            client_ids = list(left.values_list("client_id", flat=True))  # noqa: PLW2901
        yield Attempt(str(event_id), [f"client {client_id}" for client_id in client_ids])


def next_due() -> datetime | None:
    """Return when the next delivery is due; ``None`` if none is waiting."""
    waiting = deliveries().filter(state=State.WAITING).order_by("due_at")
    return waiting.values_list("due_at", flat=True).first()


def mend_times() -> None:
    """Make due what a clock that was wrong has put off for longer than any wait lasts, or leased."""
    now, waiting = timezone.now(), deliveries().filter(state=State.WAITING)
    waiting.filter(due_at__gt=now + 2 * LONGEST_WAIT).update(due_at=now)
    waiting.filter(leased_until__gt=now + 2 * LEASE).update(leased_until=now)


def _due() -> QuerySet[Delivery]:
    now = timezone.now()
    is_free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return deliveries().filter(is_free, state=State.WAITING, due_at__lte=now + SKEW)


def _under_way() -> QuerySet[Delivery]:
    return deliveries().filter(state=State.WAITING, leased_until__gt=timezone.now())


def _hold_back(row: Delivery, now: datetime) -> None:
    """Leave the other deliveries of an application that does not answer until its next try, and give
    up those that are too old."""
    others = _due().filter(client_id=row.client_id)
    for other in others.filter(created_at__lte=now - GIVE_UP).order_by("pk")[:BATCH]:
        other.state, other.last_error, other.settled_at = State.FAILED, row.last_error, now
        given_up = {"state": other.state, "last_error": row.last_error, "settled_at": now}
        if _due().filter(pk=other.pk).update(**given_up):
            announce(other)
    others.update(due_at=now + wait_after(row.tries))

"""What every revoker keeps, as tests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import SkipTest, mock

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from django_logout.ending.pipeline import end_sessions
from django_logout.operations import retries
from django_logout.revokers.base import Revoker
from django_logout.testing.assertions import assert_logged_out, request_of
from django_logout.types import Credential, LogoutResult, Target


class RevokerContract:
    """What every revoker keeps: mix it into a test case that commits, and say how your credentials
    are made and tried. ::

        class PickupCodeTests(RevokerContract, TransactionTestCase):
            revoker = PickupCodeRevoker

            def make(self, user):
                return PickupCode.objects.create(user=user).code

            def works(self, credential):
                return self.client.get(f"/pickup/{credential}/").status_code == 200

    With pytest, a class marked ``django_db(transaction=True)`` does as well. The revoker has to be
    one of the project's: for an installed app, or listed in ``LOGOUT["REVOKERS"]``.
    """

    revoker: type[Revoker]
    "The class."
    one_per_user = False
    "Whether a user's programs share one credential."
    many = 1000
    "With so many it must take as many queries as with one."

    def make(self, user: Any) -> Any:
        """Give a user a credential outside of any session, as a program obtains it."""
        raise NotImplementedError

    def make_in_session(self, client: Client) -> Any:
        """Obtain one in the session of a client that is logged in; where that cannot be, leave this
        out, and what is about it is skipped."""
        raise SkipTest("These credentials are not obtained in sessions.")

    def make_many(self, user: Any, number: int) -> None:
        """Give a user so many, however that is done fast."""
        for _ in range(number):
            self.make(user)

    def works(self, credential: Any) -> bool:
        """Whether a credential lets somebody in now; by a request, if there is anything to ask."""
        raise NotImplementedError

    def secrets(self, credential: Any) -> Sequence[str]:
        """What of a credential nobody may be shown."""
        return [str(credential)]

    def make_user(self, name: str) -> Any:
        """A user who can log in."""
        return get_user_model()._default_manager.create_user(name, password="pw")  # noqa: S106

    def test_everywhere_ends_one_users(self) -> None:
        """All of theirs, and nobody else's; the result says how many."""
        ann, mine = self._ann()
        also, theirs = self.make(ann), self.make(self.make_user("bob"))
        listed = len(self._list(ann))
        self._expect_works(mine, also, theirs)
        result = end_sessions(Target.user(ann))
        self._expect_ended(mine, also)
        self._expect_works(theirs)
        _expect_equal(result.ended.get(self.revoker.name), listed, "The count of what has ended")

    def test_everyones_end(self) -> None:
        """With everyone's sessions."""
        _, mine = self._ann()
        theirs = self.make(self.make_user("bob"))
        end_sessions(Target.everyone())
        self._expect_ended(mine, theirs)

    def test_what_has_ended_ends_no_more(self) -> None:
        """A second ending finds nothing; what is obtained after one works."""
        ann, _ = self._ann()
        end_sessions(Target.user(ann))
        again = end_sessions(Target.user(ann))
        _expect_equal(again.ended.get(self.revoker.name, 0), 0, "The count of a second ending")
        _expect(again.complete, "A second ending has failed.")
        self._expect_works(self.make(ann))

    def test_ends_with_the_session_it_was_obtained_in(self) -> None:
        """With no other, and not with that which a program has logged in to."""
        ann = self.make_user("ann")
        here, elsewhere, without = Client(), Client(), Client()
        for client in (here, elsewhere, without):
            client.force_login(ann)
        mine, theirs = self.make_in_session(here), self.make_in_session(elsewhere)
        program = mine if self.one_per_user else self.make(ann)
        _log_out(without)
        self._expect_works(mine, theirs, program)
        _log_out(here)
        self._expect_ended(mine)
        if not self.one_per_user:
            self._expect_works(theirs, program)

    def test_stays_when_the_others_end(self) -> None:
        """What was obtained in the session that goes on; not what a program has."""
        ann, here = self.make_user("ann"), Client()
        programs = () if self.one_per_user else (self.make(ann),)
        here.force_login(ann)
        mine = self.make_in_session(here)
        end_sessions(Target.others(request_of(here)))
        self._expect_works(mine)
        self._expect_ended(*programs)

    def test_one_ends_by_its_id(self) -> None:
        """Only for its owner, and no other with it."""
        ann, mine = self._ann()
        (listed,) = self._list(ann)
        also = None if self.one_per_user else self.make(ann)
        end_sessions(Target.credential(self.make_user("bob"), listed.id))
        self._expect_works(mine)
        end_sessions(Target.credential(ann, listed.id))
        self._expect_ended(mine)
        if also is not None:
            self._expect_works(also)
        _expect(listed.id not in {found.id for found in self._list(ann)}, "It is still listed.")

    def test_a_failure_keeps_nobody_in_and_is_made_good(self) -> None:
        """The session ends all the same; nothing is claimed; a later try ends what is left, and
        not what is obtained since."""
        ann, mine = self._ann()
        client = Client()
        client.force_login(ann)
        with mock.patch.object(self.revoker, "revoke", side_effect=RuntimeError(str(mine))), _log():
            result = end_sessions(Target.user(ann))
        assert_logged_out(client)
        _expect_equal(result.failed, (self.revoker.name,), "What is said to have failed")
        since = None if self.one_per_user else self.make(ann)
        event = retries.retry_revokers(_event(result), now=True)
        self._expect_ended(mine)
        _expect(event.complete, "A later try has not made the event complete.")
        if since is not None:
            self._expect_works(since)

    def test_nothing_secret_is_shown(self) -> None:
        """Neither in the list, nor in the event, nor in the log, whatever happens."""
        ann, mine = self._ann()
        listed = repr(self._list(ann))
        with _log() as lines:
            with mock.patch.object(self.revoker, "revoke", side_effect=RuntimeError(str(mine))):
                failed = end_sessions(Target.user(ann))
            ended = end_sessions(Target.user(ann))
        shown = "".join([listed, *lines, *(repr(vars(_event(e))) for e in (failed, ended))])
        for secret in self.secrets(mine):
            _expect(secret not in shown, "A part of a credential is shown.")

    def test_api_keys_are_spared(self) -> None:
        """Where the project says that these are some; unless it is said that they are meant."""
        ann, mine = self._ann()
        given = {**getattr(settings, "LOGOUT", {}), "EXEMPT_CREDENTIALS": [self.revoker.name]}
        with override_settings(LOGOUT=given):
            result = end_sessions(Target.user(ann))
            self._expect_works(mine)
            _expect_equal(result.exempt.get(self.revoker.name), 1, "The count of what was spared")
            end_sessions(Target.user(ann).including_exempt())
            self._expect_ended(mine)

    def test_as_many_queries_for_many_as_for_one(self) -> None:
        """To list them, to end one of them, and to end the others."""
        ann = self.make_user("ann")
        one, many = self._costs(ann, 1), self._costs(ann, self.many)
        _expect_equal(many, one, "The queries to list and to end many, beside those for one")

    def test_it_is_in_order(self) -> None:
        """It has a name and no complaint of its own."""
        _expect(bool(self.revoker.name), "It has no name.")
        _expect_equal(list(self.revoker().check()), [], "What it complains about")

    def _ann(self) -> tuple[Any, Any]:
        ann = self.make_user("ann")
        return ann, self.make(ann)

    def _costs(self, user: Any, number: int) -> tuple[int, int, int]:
        self.make_many(user, number + 1)
        listing = _queries(lambda: self._list(user))
        chosen = Target.credential(user, self._list(user)[0].id)
        ending = _queries(lambda: end_sessions(chosen))
        if self.one_per_user:
            self.make(user)
        return listing, ending, _queries(lambda: end_sessions(Target.user(user)))

    def _list(self, user: Any) -> Sequence[Credential]:
        return self.revoker().list(user)

    def _expect_works(self, *credentials: Any) -> None:
        for credential in credentials:
            _expect(self.works(credential), "A credential does not work that should.")

    def _expect_ended(self, *credentials: Any) -> None:
        for credential in credentials:
            _expect(not self.works(credential), "A credential works that has ended.")


def _expect(so: bool, message: str) -> None:
    if not so:
        raise AssertionError(message)


def _expect_equal(found: Any, wanted: Any, what: str) -> None:
    _expect(found == wanted, f"{what}: {found!r} is not {wanted!r}.")


def _log_out(client: Client) -> None:
    end_sessions(Target.current(request_of(client)))


def _event(result: LogoutResult) -> Any:
    _expect(result.event is not None, "Nothing was recorded.")
    return result.event


def _queries(work: Callable[[], Any]) -> int:
    with ExitStack() as stack:
        captured = [stack.enter_context(CaptureQueriesContext(each)) for each in connections.all()]
        work()
        return sum(map(len, captured))


@contextmanager
def _log() -> Iterator[list[str]]:
    """What our loggers say meanwhile, with all that goes along with it; nobody else hears it."""
    lines: list[str] = []
    logger, handler = logging.getLogger("django_logout"), logging.Handler()
    handler.emit = lambda record: lines.append(f"{handler.format(record)} {vars(record)}")  # type: ignore[method-assign]
    with mock.patch.multiple(logger, handlers=[handler], propagate=False, level=logging.DEBUG):
        yield lines

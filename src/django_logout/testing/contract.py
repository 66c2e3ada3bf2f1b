"""The tests that every revoker has to pass."""

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
    """Tests of one revoker. Mix it into a test case that commits, and say how your credentials are
    created and used::

        class PickupCodeTests(RevokerContract, TransactionTestCase):
            revoker = PickupCodeRevoker

            def make(self, user):
                return PickupCode.objects.create(user=user).code

            def works(self, credential):
                return self.client.get(f"/pickup/{credential}/").status_code == 200

    With pytest, a class marked ``django_db(transaction=True)`` works too. The project must use the
    revoker: it belongs to an installed app, or ``LOGOUT["REVOKERS"]`` lists it.
    """

    revoker: type[Revoker]
    "The class of the revoker."
    one_per_user = False
    "Whether all programs of a user share one credential."
    many = 1000
    "Number of credentials that must take as many queries as one."

    def make(self, user: Any) -> Any:
        """Create a credential of a user outside of any session, as a program obtains it."""
        raise NotImplementedError

    def make_in_session(self, client: Client) -> Any:
        """Create a credential in the session of a client that is logged in. The tests that need it
        are skipped by default."""
        raise SkipTest("These credentials are not obtained in sessions.")

    def make_many(self, user: Any, number: int) -> None:
        """Create several credentials of a user. Override it if there is a faster way."""
        for _ in range(number):
            self.make(user)

    def works(self, credential: Any) -> bool:
        """Return whether a credential is valid now, preferably by using it in a request."""
        raise NotImplementedError

    def secrets(self, credential: Any) -> Sequence[str]:
        """Return the parts of a credential that must not be shown."""
        return [str(credential)]

    def make_user(self, name: str) -> Any:
        """Create a user who can log in."""
        return get_user_model()._default_manager.create_user(name, password="pw")  # noqa: S106

    def test_everywhere_revokes_all_of_one_user(self) -> None:
        """The other users' stay valid, and the result has the number."""
        ann, first = self._ann()
        second, others = self.make(ann), self.make(self.make_user("bob"))
        listed = len(self._list(ann))
        self._expect_valid(first, second, others)
        result = end_sessions(Target.user(ann))
        self._expect_revoked(first, second)
        self._expect_valid(others)
        _expect_equal(result.ended.get(self.revoker.name), listed, "The number of revoked ones")

    def test_everyone_revokes_all(self) -> None:
        """All users' credentials are revoked with everyone's sessions."""
        _, first = self._ann()
        second = self.make(self.make_user("bob"))
        end_sessions(Target.everyone())
        self._expect_revoked(first, second)

    def test_second_ending_revokes_nothing(self) -> None:
        """A credential that is obtained after two endings is valid."""
        ann, _ = self._ann()
        end_sessions(Target.user(ann))
        again = end_sessions(Target.user(ann))
        _expect_equal(again.ended.get(self.revoker.name, 0), 0, "The number of a second ending")
        _expect(again.complete, "A second ending has failed.")
        self._expect_valid(self.make(ann))

    def test_revoked_with_the_session_it_was_obtained_in(self) -> None:
        """Other sessions, and that of the browser in which a program logged in, do not matter."""
        ann = self.make_user("ann")
        here, elsewhere, without = Client(), Client(), Client()
        for client in (here, elsewhere, without):
            client.force_login(ann)
        in_here, in_elsewhere = self.make_in_session(here), self.make_in_session(elsewhere)
        of_program = in_here if self.one_per_user else self.make(ann)
        end_sessions(Target.current(request_of(without)))
        self._expect_valid(in_here, in_elsewhere, of_program)
        end_sessions(Target.current(request_of(here)))
        self._expect_revoked(in_here)
        if not self.one_per_user:
            self._expect_valid(in_elsewhere, of_program)

    def test_survives_if_the_others_end(self) -> None:
        """A credential that was obtained in the active session stays valid; a program's does not."""
        ann, here = self.make_user("ann"), Client()
        of_programs = () if self.one_per_user else (self.make(ann),)
        here.force_login(ann)
        in_here = self.make_in_session(here)
        end_sessions(Target.others(request_of(here)))
        self._expect_valid(in_here)
        self._expect_revoked(*of_programs)

    def test_revoked_by_id(self) -> None:
        """Only its owner can, and no other credential is revoked."""
        ann, first = self._ann()
        (listed,) = self._list(ann)
        others = () if self.one_per_user else (self.make(ann),)
        end_sessions(Target.credential(self.make_user("bob"), listed.id))
        self._expect_valid(first)
        end_sessions(Target.credential(ann, listed.id))
        self._expect_revoked(first)
        self._expect_valid(*others)
        _expect(listed.id not in {found.id for found in self._list(ann)}, "It is still listed.")

    def test_failure_ends_sessions_and_is_retried(self) -> None:
        """The result reports the failure. A retry revokes what is left, and nothing newer."""
        ann, first = self._ann()
        client = Client()
        client.force_login(ann)
        with self._failing(first), _captured_log():
            result = end_sessions(Target.user(ann))
        assert_logged_out(client)
        _expect_equal(result.failed, (self.revoker.name,), "What is reported as failed")
        newer = () if self.one_per_user else (self.make(ann),)
        event = retries.retry_revokers(_event(result), now=True)
        self._expect_revoked(first)
        _expect(event.complete, "A retry has not made the event complete.")
        self._expect_valid(*newer)

    def test_no_secret_is_shown(self) -> None:
        """Neither the list nor the event nor the log has it, even if the revoker fails."""
        ann, first = self._ann()
        listed = repr(self._list(ann))
        with _captured_log() as lines:
            with self._failing(first):
                failed = end_sessions(Target.user(ann))
            ended = end_sessions(Target.user(ann))
        shown = "".join([listed, *lines, *(repr(vars(_event(e))) for e in (failed, ended))])
        for secret in self.secrets(first):
            _expect(secret not in shown, "A part of a credential is shown.")

    def test_exempt_credentials_survive(self) -> None:
        """An ending that includes exempt credentials revokes them."""
        ann, first = self._ann()
        given = {**getattr(settings, "LOGOUT", {}), "EXEMPT_CREDENTIALS": [self.revoker.name]}
        with override_settings(LOGOUT=given):
            result = end_sessions(Target.user(ann))
            self._expect_valid(first)
            _expect_equal(result.exempt.get(self.revoker.name), 1, "The number of exempt ones")
            end_sessions(Target.user(ann).including_exempt())
            self._expect_revoked(first)

    def test_number_of_queries_is_constant(self) -> None:
        """To list credentials, to revoke one of them, and to revoke the others."""
        ann = self.make_user("ann")
        one, many = self._query_counts(ann, 1), self._query_counts(ann, self.many)
        _expect_equal(many, one, "The number of queries for many, compared with one,")

    def test_name_and_checks(self) -> None:
        """The revoker has a name, and its own system checks pass."""
        _expect(bool(self.revoker.name), "It has no name.")
        _expect_equal(list(self.revoker().check()), [], "The list of failed checks")

    def _ann(self) -> tuple[Any, Any]:
        ann = self.make_user("ann")
        return ann, self.make(ann)

    def _query_counts(self, user: Any, number: int) -> tuple[int, int, int]:
        self.make_many(user, number + 1)
        for_list = _count_queries(lambda: self._list(user))
        chosen = Target.credential(user, self._list(user)[0].id)
        for_one = _count_queries(lambda: end_sessions(chosen))
        if self.one_per_user:
            self.make(user)
        return for_list, for_one, _count_queries(lambda: end_sessions(Target.user(user)))

    def _list(self, user: Any) -> Sequence[Credential]:
        return self.revoker().list(user)

    def _failing(self, credential: Any) -> Any:
        """Let the revoker raise an error whose message has a secret."""
        return mock.patch.object(self.revoker, "revoke", side_effect=RuntimeError(str(credential)))

    def _expect_valid(self, *credentials: Any) -> None:
        for credential in credentials:
            _expect(self.works(credential), "A credential is not valid, but should be.")

    def _expect_revoked(self, *credentials: Any) -> None:
        for credential in credentials:
            _expect(not self.works(credential), "A revoked credential is still valid.")


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _expect_equal(found: Any, expected: Any, what: str) -> None:
    _expect(found == expected, f"{what} is {found!r}, not {expected!r}.")


def _event(result: LogoutResult) -> Any:
    _expect(result.event is not None, "Nothing was recorded.")
    return result.event


def _count_queries(work: Callable[[], Any]) -> int:
    with ExitStack() as stack:
        captured = [stack.enter_context(CaptureQueriesContext(each)) for each in connections.all()]
        work()
        return sum(map(len, captured))


@contextmanager
def _captured_log() -> Iterator[list[str]]:
    """Collect the records of this package's loggers with all their attributes, and keep them from
    other handlers."""
    lines: list[str] = []
    logger, handler = logging.getLogger("django_logout"), logging.Handler()
    handler.emit = lambda record: lines.append(f"{handler.format(record)} {vars(record)}")  # type: ignore[method-assign]
    with mock.patch.multiple(logger, handlers=[handler], propagate=False, level=logging.DEBUG):
        yield lines

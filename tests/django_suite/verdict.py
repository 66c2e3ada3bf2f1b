"""Django's test runner, which also holds the list of intended differences against what happens.

A listed test that passes, is skipped, is no more, or fails in another way than its entry says,
fails the run.
"""

from typing import Any
from unittest import TestSuite, TextTestResult

import django
from django.test.runner import DiscoverRunner

from tests.django_suite.expected import DIFFERENCES

LISTED = {
    test: difference
    for test, difference in DIFFERENCES.items()
    if difference.since <= django.VERSION[:2] < difference.before
}


class Result(TextTestResult):
    """Takes what goes wrong in a listed test, its set-up or its clean-up, for the failure that
    is expected."""

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        add = self.addExpectedFailure if test.id() in LISTED else super().addError
        add(test, err)

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        add = self.addExpectedFailure if test.id() in LISTED else super().addFailure
        add(test, err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        if err is not None and test.id() in LISTED:
            self.addExpectedFailure(test, err)
        else:
            super().addSubTest(test, subtest, err)


class Runner(DiscoverRunner):
    def get_resultclass(self) -> Any:
        return super().get_resultclass() or Result

    def build_suite(self, test_labels: Any = None, **kwargs: Any) -> TestSuite:
        labels = [f"{label}." for label in test_labels]
        self.in_scope = [test for test in LISTED if f"{test}.".startswith(tuple(labels))]
        return super().build_suite(test_labels, **kwargs)

    def suite_result(self, suite: TestSuite, result: Any, **kwargs: Any) -> int:
        unproved = sum(not self.proved(test, result) for test in self.in_scope)
        return super().suite_result(suite, result, **kwargs) + unproved

    def proved(self, test: str, result: Any) -> bool:
        """Whether a listed test has failed, and as its entry says."""
        difference = LISTED[test]
        shown = [trace for case, trace in result.expectedFailures if case.id() == test]
        if shown and all(difference.shows in trace for trace in shown):
            self.log(f"Differs on purpose: {test}\n    {difference.reason}")
            return True
        self.log(f"NOT AS LISTED: {test}")
        self.log("\n".join(shown) or "    It passed, was skipped, or is no more.")
        return False

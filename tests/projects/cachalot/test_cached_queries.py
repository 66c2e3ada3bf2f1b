"""Users log in and out where queries are answered from a cache."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.projects.journeys import PlainJourneys

pytestmark = pytest.mark.django_db(transaction=True)


class TestCachalot(PlainJourneys):
    """On Django's pages and ours."""


def test_queries_are_answered_from_the_cache(user: Any, django_assert_num_queries: Any) -> None:
    """Or else the tests above show nothing."""
    assert get_user_model().objects.filter(username="ann").count() == 1
    with django_assert_num_queries(0):
        assert get_user_model().objects.filter(username="ann").count() == 1

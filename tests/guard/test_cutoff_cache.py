"""When all of a user's logins were ended last, as it is cached for tokens."""

from typing import Any

import pytest

from django_logout import Target, end_sessions
from django_logout.guard import cutoff_cache

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_not_cached_where_the_project_issues_no_tokens(
    user: Any, django_assert_num_queries: Any
) -> None:
    """No ending would write the cache then."""
    for _ in range(2):
        with django_assert_num_queries(1):
            assert not cutoff_cache.last_cutoff(user.pk).covers(0)
    end_sessions(Target.user(user))
    assert cutoff_cache.last_cutoff(user.pk).covers(0)

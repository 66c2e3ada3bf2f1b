"""Our URLs: what Django, its middlewares and finish_logouts() see of a view before it is imported."""

from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.utils.module_loading import import_string

from django_logout.urls import urlpatterns

MARKS = ("csrf_exempt", "login_required", "ends_sessions", "_non_atomic_requests")


@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: pattern.name)
def test_what_stands_for_a_view_looks_like_it(pattern: Any) -> None:
    """Its marks, its name, and whether it is asynchronous."""
    stand_in = pattern.callback
    view = import_string(f"{stand_in.__module__}.{stand_in.__qualname__}").as_view()
    assert all(getattr(stand_in, mark) == getattr(view, mark) for mark in MARKS)
    assert iscoroutinefunction(stand_in) == iscoroutinefunction(view)
    assert pattern.lookup_str == f"{view.view_class.__module__}.{view.view_class.__qualname__}"

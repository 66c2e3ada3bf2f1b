"""Lazily imported code is imported by the first call, and once."""

import sys

import pytest

from django_logout.utils.lazy import lazy_import

MODULE = "django_logout.utils.csp"


def test_module_is_imported_by_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making the function imports nothing."""
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    function = lazy_import("utils.csp.nonce")
    assert MODULE not in sys.modules
    function(None)
    assert MODULE in sys.modules


def test_object_is_made_once() -> None:
    """``make`` is for work that is not to be repeated, such as ``as_view()``."""
    made = []

    def make(found: object) -> object:
        made.append(found)
        return lambda value: value + 1

    function = lazy_import("utils.csp.nonce", make)
    assert not made
    assert (function(1), function(2)) == (2, 3)
    assert len(made) == 1


def test_path_that_does_not_exist_fails_when_it_is_called() -> None:
    """The message names the path."""
    function = lazy_import("utils.csp.no_such_name")
    with pytest.raises(ImportError, match="no_such_name"):
        function()


def test_tracebacks_name_the_imported_object() -> None:
    """Debug pages and ``resolve()`` show these names."""
    function = lazy_import("utils.csp.nonce")
    assert (function.__module__, function.__qualname__) == (MODULE, "nonce")

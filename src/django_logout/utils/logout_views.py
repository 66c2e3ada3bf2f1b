"""Tell the views that log out, without importing them."""

from typing import Any


def is_logout_view(view: Any) -> bool:
    """Return whether a view is one of this package or of Django that logs out, or a function view of
    the project that is decorated with ``ends_sessions``.

    Names are compared, because Django's views cannot be imported before the apps are ready.
    """
    bases = getattr(view, "view_class", object).__mro__
    names = {(base.__module__, base.__name__) for base in bases}
    return hasattr(view, "ends_sessions") or ("django.contrib.auth.views", "LogoutView") in names

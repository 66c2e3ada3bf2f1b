"""The template tags for Jinja2: ``"OPTIONS": {"extensions": ["django_logout.jinja.LogoutExtension"]}``."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from markupsafe import Markup

from django_logout.web import tags


class LogoutExtension(Extension):
    """Add ``logout_button()``, ``logout_script()`` and ``session_list()``."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for tag in (tags.logout_button, tags.logout_script, tags.session_list):
            environment.globals[tag.__name__] = _function(tag)


def _function(tag: Callable[..., str]) -> Callable[..., Markup]:
    @pass_context
    @wraps(tag)
    def function(context: Any, *args: Any, **options: Any) -> Markup:
        return Markup(tag(context, *args, **options))  # noqa: S704 - rendered by a template

    return function

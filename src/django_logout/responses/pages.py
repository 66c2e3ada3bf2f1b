"""Render the pages of this package so that nothing in the project keeps them from being shown.

They say whether the user is logged out. A template of the project, a context processor or the
storage of static files may fail while that is said; then the page is rendered from this package
alone, and the error is logged.
"""

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template import Context, Engine, TemplateDoesNotExist
from django.template.loader import render_to_string
from django.template.response import TemplateResponse

from django_logout.exceptions import LogoutError
from django_logout.utils.csp import nonce

logger = logging.getLogger("django_logout")

TEMPLATES = Path(__file__).parents[1] / "templates"

#: What the templates ask for, and only some pages have. Django would log that it is missing, at the
#: level DEBUG.
OPTIONAL = {
    "notices": (),
    "provider": "",
    "csrf_failed": False,
    "none_selected": False,
    "too_few": False,
}


class SafePage(TemplateResponse):
    """A page of a view that is rendered in any case."""

    own_template = ""
    "The template of this package that is rendered if that of the response fails."

    @property
    def rendered_content(self) -> str:
        """Render the page."""
        self.context_data = {**OPTIONAL, **(self.context_data or {})}
        try:
            return super().rendered_content
        except LogoutError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the project's code raises
            log_failure(self.own_template, error)
            return render_own(self.own_template, self.context_data, self._request)


def render_page(name: str, context: Mapping[str, Any]) -> str:
    """Render a template of this package, or the one by which the project has replaced it."""
    try:
        return render_to_string(name, {**OPTIONAL, **context})
    except LogoutError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the project's code raises
        # A project that has no Django templates has done nothing wrong.
        if not (isinstance(error, TemplateDoesNotExist) and str(error) == name):
            log_failure(name, error)
        return render_own(name, context)


def render_own(name: str, context: Mapping[str, Any], request: HttpRequest | None = None) -> str:
    """Render a template of this package, without anything of the project."""
    given = dict(context)
    if request is not None:
        given |= {"csrf_token": get_token(request), "csp_nonce": nonce(request)}
    return _own_engine().get_template(name).render(Context(given))


def log_failure(name: str, error: Exception) -> None:
    """Log why a page is not the one that the project has made."""
    logger.error("Instead of the project's page, %s of the package is shown.", name, exc_info=error)


@cache
def _own_engine() -> Engine:
    libraries = {name: f"django.templatetags.{name}" for name in ("i18n", "l10n")}
    libraries["logout"] = "django_logout.templatetags.logout"
    return Engine(dirs=[str(TEMPLATES)], libraries=libraries)

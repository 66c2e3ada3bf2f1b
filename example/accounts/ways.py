"""Every way to log out that this site shows: its page, its URL and its code."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import getsource
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import plain, views


@dataclass(frozen=True, slots=True)
class Way:
    """One way to log out."""

    slug: str
    title: Any
    sentence: Any
    code: str
    url_name: str = ""
    action: str = "form"
    "Which template of ``accounts/ways/`` does it."

    @property
    def action_template(self) -> str:
        """The part of its page that one can press."""
        return f"accounts/ways/{self.action}.html"


def _source(view: Callable[..., Any], imported: str) -> str:
    """What the view really is, so that the page cannot say anything else."""
    return f"{imported}\n\n{getsource(view)}"


IMPORTED = "from django_logout import logout\nfrom django_logout.views import ends_sessions"

FUNCTION = Way(
    "function",
    _("The function view"),
    _("Your own view calls logout(request), then redirects to the list of cars."),
    _source(views.logout_view, IMPORTED),
    "logout_view",
)
PLAIN = Way(
    "plain",
    _("Django's own logout()"),
    _("A view that knows nothing about this package still ends the session properly."),
    _source(plain.logout_view, "from django.contrib.auth import logout"),
    "logout_plain",
)
CLASS = Way(
    "class",
    _("The class view"),
    _("One line in urls.py, with the next page as an argument."),
    'path("logout/class/", LogoutView.as_view(next_page="cars_list"), name="logout_class")',
    "logout_class",
)
LOGIN = Way(
    "login",
    _("Log out, then log in"),
    _("Goes straight to the login page, ready for the next person at this device."),
    'path("logout/login/", logout_then_login, name="logout_then_login")',
    "logout_then_login",
)
GOODBYE = Way(
    "goodbye",
    _("The goodbye page"),
    _("Shows your own page instead of redirecting."),
    'path(\n    "logout/goodbye/",\n'
    '    LogoutView.as_view(template_name="accounts/goodbye.html"),\n'
    '    name="logout_goodbye",\n)',
    "logout_goodbye",
)
QUESTION = Way(
    "question",
    _("A link that asks first"),
    _(
        "The link opens a page that asks for confirmation. "
        "Its button is protected against cross-site request forgery."
    ),
    "<a href=\"{% url 'logout' %}?next={% url 'cars_list' %}\">Log out</a>",
    "logout",
    "question",
)
JSON = Way(
    "json",
    _("JSON with fetch"),
    _(
        "A script requests JSON and learns what has ended. "
        "Without JavaScript, the form still works."
    ),
    'fetch(form.action, {\n  method: "POST",\n  body: new FormData(form),\n'
    '  headers: {Accept: "application/json"},\n});',
    "logout",
    "json",
)
HTMX = Way(
    "htmx",
    _("htmx"),
    _("The response includes HX-Redirect, so the whole page changes and not just a part of it."),
    '<form method="post" action="{% url \'logout\' %}" hx-post="{% url \'logout\' %}">\n'
    "  {% csrf_token %}\n  <button>Log out</button>\n</form>",
    "logout",
    "htmx",
)
CART = Way(
    "cart",
    _("Keep the cart"),
    _("Only the values you name are copied to a new session, which has a new key."),
    _source(views.logout_keeping_cart, IMPORTED),
    "logout_keeping_cart",
)
EXPLAIN = Way(
    "explain",
    _("Explain it"),
    _("Logs a test session in and out, and prints each step and what is left."),
    "python manage.py logout explain --user NAME",
    action="explain",
)
ADMIN = Way(
    "admin",
    _("The admin"),
    _("The logout button in the admin ends the session of any user, staff or not."),
    "class CarAdminSite(LogoutAdminSiteMixin, AdminSite):\n    pass",
    "admin:logout",
    "admin",
)
WAYS = (FUNCTION, PLAIN, CLASS, LOGIN, GOODBYE, QUESTION, JSON, HTMX, CART, EXPLAIN, ADMIN)
BY_SLUG = {way.slug: way for way in WAYS}

"""Show a user's sessions and tokens, and end one of them, several, or the others.

``LogoutView`` ends all of them.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial, reduce
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from django_logout.ending.pipeline import end_sessions
from django_logout.enums import SESSION, Reason
from django_logout.guard.presented import is_logged_in, presented_ids
from django_logout.models import LoginSession
from django_logout.responses.base import Kind, LazyMapping, login_url, respond
from django_logout.responses.json import is_json
from django_logout.responses.messages import describe_result
from django_logout.responses.pages import SafePage
from django_logout.types import Credential, LogoutResult, Target
from django_logout.utils.redirects import home_url, resolve_or_log, reverse_here
from django_logout.web.csrf import CSRF_FAILED, ProtectedView, ensure_post_parsed
from django_logout.web.notices import delete_notice, keep_notice, read_notices
from django_logout.web.reauthentication import RETURNED, is_recent, reauthentication_response
from django_logout.web.session_list import Listing
from django_logout.web.views.logout import LogoutView

#: The template of the question before sessions end.
QUESTION = "django_logout/end_sessions.html"


class Chosen(NamedTuple):
    """What a user wants to end."""

    targets: Sequence[Target]
    load_rows: Callable[[], Sequence[LoginSession | Credential]]
    "Returns what the question shows: the sessions and tokens that are active."
    others: bool = False
    "Whether it is all but the current session, of which the question shows the most recent ones."


class SessionsView(ProtectedView, TemplateView):
    """Show the user's sessions and tokens, as a page or as JSON: the current one first, then by
    last use.

    ``template_name``, ``extra_context`` and ``paginate_by`` can be set as on Django's views.
    """

    template_name = "django_logout/sessions.html"
    response_class = SafePage
    http_method_names = ["get", "head", "options"]
    paginate_by = 20

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Require a login."""
        # A project may have no page of sessions. Its browsers then stay on this view, if it shows
        # one, or go to where a login leads.
        fallback = settings.LOGIN_REDIRECT_URL if isinstance(self, SessionEndView) else request.path
        self.url = reverse_here(request, "logout_sessions") or resolve_or_log(fallback)
        if not is_logged_in(request):
            url = login_url(request, self.url if request.method == "POST" else "")
            return respond(request, Kind.NOT_LOGGED_IN, redirect_to=url)
        self.listing = Listing(request, self.paginate_by)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of the sessions and tokens."""
        data = LazyMapping(lambda: {"sessions": self.listing.data()})
        response = respond(request, Kind.SHOWN, data=data, page=self._show)
        if not is_json(response):
            delete_notice(request, response, self.url)
        elif self.listing.page.has_next():
            query = self.listing.query(self.listing.page.next_page_number())
            response["Link"] = f'<{self.url}?{query}>; rel="next"'
        return response

    def _show(self, **context: Any) -> HttpResponse:
        request = self.request
        # The login page of the project may send a logged-in user straight back.
        stuck = RETURNED in request.GET and not is_recent(request)
        context = {
            "title": _("Your sessions"),
            **self.listing.context(),
            "endings": self.listing.endings(),
            "account": self.listing.user.get_username(),
            "back_url": home_url(),
            "logout_url": reverse_here(request, "logout") if stuck else "",
            "login_url": login_url(request, f"{self.url}?{RETURNED}=1"),
            "reauthenticate": stuck,
            # Read only by a template that shows them, so that no other template loses them.
            "notices": SimpleLazyObject(partial(read_notices, request)),
            **context,
        }
        return self._render(self.template_name, SessionsView.template_name, context)

    def _render(self, template: str, own: str, context: dict[str, Any]) -> HttpResponse:
        context = self.get_context_data(**context)
        page = self.response_class(self.request, [template], context, using=self.template_engine)
        page.own_template = own
        return page


class SessionEndView(SessionsView):
    """End one of the user's sessions or tokens. To end the current session is to log out.

    GET asks, on a page that names the device, and POST ends. ``question_template_name`` can be set.
    """

    http_method_names = ProtectedView.http_method_names
    question_template_name = QUESTION

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for confirmation."""
        return self._answer(self._ask, back=request.get_full_path(), **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End what is chosen."""
        if hasattr(request, CSRF_FAILED):
            return self._refuse(Kind.CSRF_FAILED)
        ensure_post_parsed(request)
        return self._answer(self._end, **kwargs)

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return a 405, with the page that has the buttons."""
        response = self._refuse(Kind.NOT_ALLOWED)
        response["Allow"] = ", ".join(self._allowed_methods())  # type: ignore[attr-defined]
        return response

    def _answer(
        self, act: Callable[[Chosen], HttpResponse], *, back: str = "", **kwargs: Any
    ) -> HttpResponse:
        request = self.request
        if kwargs.get("session_id") in presented_ids(request)[:1]:
            response: HttpResponse = LogoutView.as_view()(request)
            return response
        chosen = self._choose(**kwargs)
        if not chosen.targets:
            return self._nothing_chosen()
        if back and RETURNED in request.GET and not is_recent(request):
            # The login page has sent the user straight back. The sessions page says what to do.
            return HttpResponseRedirect(f"{self.url}?{RETURNED}=1")
        page = partial(self._show, reauthenticate=True)
        return reauthentication_response(request, page, back=back) or act(chosen)

    def _choose(self, session_id: UUID) -> Chosen:
        ids = [session_id]
        return Chosen(self.listing.targets(ids), partial(self.listing.rows, ids))

    def _nothing_chosen(self) -> HttpResponse:
        return respond(self.request, Kind.NOT_FOUND, page=_not_found)

    def _ask(self, chosen: Chosen) -> HttpResponse:
        rows = chosen.load_rows()
        if not rows:
            return self._answer_ended(LogoutResult())
        page = partial(self._show_question, rows, others=chosen.others)
        data = LazyMapping(lambda: {"sessions": self.listing.describe(rows)})
        return respond(self.request, Kind.SHOWN, data=data, page=page)

    def _show_question(
        self, rows: Sequence[LoginSession | Credential], *, others: bool
    ) -> HttpResponse:
        listing = self.listing
        has_tokens = any(row.kind != SESSION for row in rows)
        if others:
            # Some tokens are on the sessions page and do not end: API keys, and those of this session.
            has_tokens = listing.has_tokens or any(listing.is_app(row) for row in rows)
            rows = [row for row in rows if row.kind == SESSION]
        title, button = _texts(len(rows), has_tokens=has_tokens, others=others)
        context = {
            "title": title,
            "button": button,
            "sessions": listing.show(rows),
            "has_browsers": any(row.kind == SESSION for row in rows),
            "has_tokens": has_tokens,
            "has_api_keys": others and listing.has_api_keys,
            "others": others,
            "more": others and listing.others_page.has_next(),
            "cancel_url": self.url,
        }
        return self._render(self.question_template_name, QUESTION, context)

    def _end(self, chosen: Chosen) -> HttpResponse:
        who: dict[str, Any] = {"actor": self.request.user, "request": self.request}
        # What has ended is no longer among the rows.
        shown = [] if chosen.others else self.listing.show(chosen.load_rows())
        device = shown[0]["name"] if len(shown) == 1 else ""
        results = [end_sessions(each, reason=Reason.REMOTE, **who) for each in chosen.targets]
        return self._answer_ended(reduce(LogoutResult.plus, results), device)

    def _answer_ended(self, result: LogoutResult, device: str = "") -> HttpResponse:
        request, message = self.request, describe_result(result, device)
        about: dict[str, Any] = {"result": result, "redirect_to": self.url, "page": self._show}
        response = respond(request, Kind.SESSIONS_ENDED, message=message, **about)
        if not is_json(response):
            keep_notice(request, response, message, self.url)
        return response

    def _refuse(self, kind: Kind) -> HttpResponse:
        page = partial(self._show, csrf_failed=kind is Kind.CSRF_FAILED)
        return respond(self.request, kind, page=page)


class SelectedEndView(SessionEndView):
    """End those of the user's sessions and tokens that the parameter ``session`` names, as often as
    it is given. The current session is never among them."""

    def _choose(self) -> Chosen:  # type: ignore[override]
        request = self.request
        given = (request.POST if request.method == "POST" else request.GET).getlist("session")
        ids = _ids(given).difference(presented_ids(request)[:1])
        return Chosen(self.listing.targets(ids), partial(self.listing.rows, ids))

    def _nothing_chosen(self) -> HttpResponse:
        return respond(
            self.request, Kind.NONE_SELECTED, page=partial(self._show, none_selected=True)
        )


class OthersEndView(SessionEndView):
    """End all of the user's sessions and tokens, except the current session and its tokens."""

    def _choose(self) -> Chosen:  # type: ignore[override]
        return Chosen([Target.others(self.request)], self.listing.others, others=True)


def _ids(values: Iterable[str]) -> set[UUID]:
    """Return the ids in the values of a form. The box of a device has the ids of all its sessions,
    separated by spaces. What is no id is ignored."""
    found = set()
    for word in " ".join(values).split():
        with suppress(ValueError):
            found.add(UUID(word))
    return found


def _texts(number: int, *, has_tokens: bool, others: bool) -> tuple[str, str]:
    """Return the heading of the question, and the text of its button."""
    if others and has_tokens:
        return _("End all other sessions and app logins?"), _("End all of them")
    if others:
        return _("End all other sessions?"), _("End all of them")
    if number > 1 and has_tokens:
        return _("End the selected sessions and app logins?"), _("End all of them")
    if number > 1:
        return _("End the selected sessions?"), _("End all of them")
    if has_tokens:
        return _("End this app login?"), _("End app login")
    return _("End this session?"), _("End session")


def _not_found() -> HttpResponse:
    raise Http404

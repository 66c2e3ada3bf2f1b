"""What providers and browsers that come from them request."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
    UnreadablePostError,
)
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from django_logout.exceptions import SessionNotEnded
from django_logout.federation import providers, receive, rp_initiated
from django_logout.federation.tokens import MAX_LENGTH, Refused
from django_logout.utils.rate_limit import RateLimit
from django_logout.utils.redirects import home_url
from django_logout.web.views.logout import LogoutView

logger = logging.getLogger("django_logout.federation")

#: The largest request, in bytes: a token, and fields that are ignored.
MAX_BODY = MAX_LENGTH * 2
FORM = "application/x-www-form-urlencoded"

#: How many errors are logged in a minute.
MAX_FAULTS = 5
_refusals = RateLimit(count=10, seconds=60)
_faults = RateLimit(count=MAX_FAULTS, seconds=60)


@method_decorator(never_cache, name="dispatch")
class BackChannelView(View):
    """Take logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.5).

    The answer is 200 if all that the token means has ended. Whatever is wrong, it is the same 400
    and tells nothing; the log has the reason.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """End the sessions that the token means."""
        try:
            receive.receive_logout_token(_read_token(request))
        except Refused as refused:
            if (unlogged := _refusals.admit()) is not None:
                extra = {"why": str(refused), "unlogged": unlogged}
                logger.warning("A logout token was refused: %s.", refused, extra=extra)
        except SessionNotEnded:
            logger.warning("A logout that a provider has reported is still to be done.")
        except Exception:
            # Section 2.8 knows no other status, and a provider may not try again after another.
            if (unlogged := _faults.admit()) is not None:
                extra = {"unlogged": unlogged}
                logger.exception("A logout token could not be worked on.", extra=extra)
        else:
            return HttpResponse()
        error = {
            "error": "invalid_request",
            "error_description": "The logout token was not accepted.",
        }
        response = JsonResponse(error, status=HTTPStatus.BAD_REQUEST)
        # Or Django would write to the log each time.
        setattr(response, "_has_been_logged", True)  # noqa: B010 - Django reads it
        return response


@method_decorator(never_cache, name="dispatch")
class FrontChannelView(View):
    """End the session that the browser names for its provider, in a frame of the provider's page.

    OpenID Connect Front-Channel Logout 1.0, section 2. Cookies play no part: browsers send none to
    a frame of another site.
    """

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """End it, and answer with a tiny page."""
        issuer, status = request.GET.get("iss"), HTTPStatus.OK
        try:
            receive.receive_frontchannel(issuer, request.GET.get("sid"))
        except SessionNotEnded:
            if (unlogged := _faults.admit()) is not None:
                text = "A logout that a provider has reported is still to be done."
                logger.exception(text, extra={"unlogged": unlogged})
            status = HTTPStatus.SERVICE_UNAVAILABLE
        page = "<!doctype html><html lang=en><meta charset=utf-8><title>Logout</title>"
        response = HttpResponse(page, status=status)
        known = providers.by_issuer(issuer) or [
            provider
            for provider in providers.configured().values()
            if provider.FRONTCHANNEL_WITHOUT_ISS
        ]
        origins = " ".join(dict.fromkeys(provider.origin for provider in known)) or "'none'"
        response["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors {origins}"
        setattr(response, "xframe_options_exempt", True)  # noqa: B010 - Django reads it
        setattr(response, "_csp_exempt", True)  # noqa: B010 - django-csp reads it
        return response


@method_decorator(never_cache, name="dispatch")
class SignedOutView(LogoutView):
    """Show the goodbye page to a browser that comes back from its provider.

    Nothing can go wrong here: an unknown ``state``, or none, is no error.
    """

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go where the user was going, or say that the user has logged out."""
        found = rp_initiated.read_return(request)
        next_url = found.next_url
        if getattr(getattr(request, "user", None), "is_authenticated", False):
            # Logged in again meanwhile, or led here by a link: do not say "logged out".
            next_url = next_url or home_url()
        response = (
            HttpResponseRedirect(next_url)
            if next_url
            else self._render({"provider": found.provider})
        )
        if found.provider:
            rp_initiated.STATE.forget(request, response)
        return response


def _read_token(request: HttpRequest) -> str:
    """Return the token of a request. Raises :class:`Refused`."""
    if request.content_type != FORM:
        raise Refused("the request is no form")
    # Not `request.POST`: that reads a body of any size where the request does not say its length, and
    # each way in which it fails is an error.
    try:
        body = request.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise Refused("the request is too large")
        tokens = QueryDict(body).getlist("logout_token")
    except (UnreadablePostError, TooManyFieldsSent) as error:
        raise Refused("the request cannot be read") from error
    if len(tokens) != 1:
        raise Refused("the request has not one logout_token")
    return str(tokens[0])

"""How the site behaves in a test, and what it was asked: told and read over HTTP.

Playwright can answer requests in place of the site, and run scripts before those of a page. WebDriver
can do neither, so that tests for every browser have the site itself do it.
"""

import json
import re
import time
from collections.abc import Callable
from threading import Event
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/conduct/"
#: In each page, first of all: what a script does not catch is told. By a picture, which the policies of
#: the tests allow where they forbid all else.
TELL_FAULTS = """
for (const type of ["error", "unhandledrejection", "securitypolicyviolation"])
  addEventListener(type, (event) => {
    const { message, reason, effectiveDirective, blockedURI } = event;
    const what = effectiveDirective ? `${effectiveDirective} refuses ${blockedURI}` : message ?? reason;
    if (what) new Image().src = `/conduct/fault/?${encodeURIComponent(`${location.href}: ${what}`)}`;
  });
"""
_state: dict[str, Any] = {"rules": [], "script": "", "policy": {}, "held": Event()}
_asked: list[dict[str, Any]] = []
_faults: list[str] = []


def conduct(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """A middleware that does what the site is told to do in a test.

    A rule is for requests to a ``path`` (a regular expression), by a ``method``, for a page or not
    (``navigates``). They are held for ``delay`` seconds, or until the site is told something else
    (``held``), and then get ``status``, ``body`` and ``type``, or, without a status, the site's own
    response, in whose JSON some values are others (``patch``). A rule with ``times`` is for so many
    requests.
    """

    def middleware(request: HttpRequest) -> Any:
        if request.path.startswith(PATH):
            return _control(request)
        # Old browsers say nothing of this.
        navigates = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        asked: dict[str, Any] = {"method": request.method, "path": request.path}
        asked |= {"navigates": navigates, "answered": False}
        _asked.append(asked)
        rule = _find_rule(request, navigates)
        if "held" in rule:
            _state["held"].wait(60)
        time.sleep(rule.get("delay", 0))
        if "status" in rule:
            return HttpResponse(
                rule.get("body", ""),
                status=rule["status"],
                content_type=rule.get("type", "text/html"),
            )
        response = get_response(request)
        asked["answered"] = True
        if "patch" in rule:
            return JsonResponse({**json.loads(response.content), **rule["patch"]})
        return _equip(response)

    return middleware


def _find_rule(request: HttpRequest, navigates: bool) -> dict[str, Any]:
    for rule in _state["rules"]:
        if (
            re.fullmatch(rule["path"], request.path)
            and rule.get("method", request.method) == request.method
            and rule.get("navigates", navigates) is navigates
            and rule.get("times", 1) > 0
        ):
            if "times" in rule:
                rule["times"] -= 1
            found: dict[str, Any] = rule
            return found
    return {}


def _equip(response: HttpResponse) -> HttpResponse:
    if response.streaming or "text/html" not in response.headers.get("Content-Type", ""):
        return response
    policy = response.headers.get("Content-Security-Policy")
    mark = ""
    if policy is not None:
        nonce = re.search(r"'nonce-([^']+)'", policy)
        mark = f' nonce="{nonce[1]}"' if nonce else ""
        directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        source = f"'nonce-{nonce[1]}'" if nonce else ""
        directives |= {
            name: value.replace("{nonce}", source) for name, value in _state["policy"].items()
        }
        if "frame-ancestors" in _state["policy"]:
            del response.headers["X-Frame-Options"]
        response.headers["Content-Security-Policy"] = "; ".join(
            f"{name} {value}".strip() for name, value in directives.items()
        )
    script = f"<script{mark}>{TELL_FAULTS}{_state['script']}</script>"
    response.content = response.content.replace(b"<head>", b"<head>" + script.encode(), 1)
    if "Content-Length" in response.headers:
        response.headers["Content-Length"] = str(len(response.content))
    return response


def _control(request: HttpRequest) -> HttpResponse:
    if request.path.endswith("/fault/"):
        _faults.append(request.META["QUERY_STRING"])
        return HttpResponse(status=204)
    if request.method == "POST":
        _state["held"].set()
        _state.update({"rules": [], "script": "", "policy": {}, "held": Event()})
        told = json.loads(request.body)
        _asked.clear()
        if told.pop("fresh", False):
            _faults.clear()
        _state.update(told)
    return JsonResponse({"asked": _asked, "faults": _faults})

"""Pages that drive themselves: a browser that is driven from outside prerenders nothing."""

import json
from typing import Any

from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

START = """<!DOCTYPE html><title>start</title>
<script type="speculationrules">
{"prerender": [{"urls": ["%(page)s"], "eagerness": "immediate"}]}
</script>
<a href="%(page)s">ahead</a>
<script type="module">
const seen = async () => (await (await fetch("/undriven/log/")).json()).asked.includes(location.host);
while (!await seen()) await new Promise((resolve) => setTimeout(resolve, 50));
await fetch("/accounts/logout/", {method: "POST", headers: {Accept: "application/json"}});
sessionStorage.next = "%(url)s";
document.querySelector("a").click();
</script>"""
AHEAD = """<!DOCTYPE html><title>ahead</title>
<p>%s</p>
<script type="module">
if (document.prerendering) {
  await new Promise((resolve) => document.addEventListener("prerenderingchange", resolve));
}
const [{activationStart}] = performance.getEntriesByType("navigation");
const shown = {host: location.host, who: document.querySelector("p").innerText, activationStart};
await fetch("/undriven/log/", {method: "POST", body: JSON.stringify(shown)});
if (sessionStorage.next) location = sessionStorage.next;
</script>"""
WATCHED = """<!DOCTYPE html><head>{% load logout %}{% logout_script %}</head>
<p>{{ request.user }}</p>
<script type="module">
const shown = [];
const look = () => document.querySelector("dialog")?.dataset.name ?? "";
if (document.prerendering) {
  await new Promise((resolve) => document.addEventListener("prerenderingchange", resolve));
}
shown.push(look());
while (look() !== "ended") await new Promise((resolve) => setTimeout(resolve, 50));
shown.push(look());
await fetch("/undriven/log/", {method: "POST", body: JSON.stringify({host: location.host, shown})});
</script>"""
_log: dict[str, list[Any]] = {"asked": [], "shown": []}


def start(request: HttpRequest) -> HttpResponse:
    """Log in, have a page prerendered, log out, go there; then the same under the next host."""
    login(request, get_user_model().objects.get(username="customer"))
    following, _, left = request.GET.get("then", "").partition(",")
    url = f"https://{following}/undriven/?then={left}" if following else ""
    page = f"/undriven/{request.GET.get('page', 'ahead')}/"
    return HttpResponse(START % {"url": url, "page": page})


def ahead(request: HttpRequest) -> HttpResponse:
    """Whose page it is."""
    _note(request)
    return HttpResponse(AHEAD % request.user)


def watched(request: HttpRequest) -> HttpResponse:
    """Whose page it is, with our script."""
    _note(request)
    return HttpResponse(engines["django"].from_string(WATCHED).render({}, request))


def _note(request: HttpRequest) -> None:
    if "prerender" in request.headers.get("Sec-Purpose", ""):
        _log["asked"].append(request.get_host())


@csrf_exempt
def log(request: HttpRequest) -> HttpResponse:
    """What has been asked for ahead, and what has been shown."""
    if request.method == "POST":
        _log["shown"].append(json.loads(request.body))
    return JsonResponse(_log)


urlpatterns = [
    path("undriven/", start),
    path("undriven/ahead/", ahead),
    path("undriven/watched/", watched),
    path("undriven/log/", log),
]

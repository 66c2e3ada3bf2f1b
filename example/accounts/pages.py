"""The pages that show one way at a time."""

from io import StringIO

from django.contrib.auth.decorators import login_required
from django.core.management import call_command
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.ways import BY_SLUG, EXPLAIN


def way(request: HttpRequest, slug: str) -> HttpResponse:
    """One way to log out: what it is, its code, and its button."""
    if slug not in BY_SLUG:
        raise Http404(slug)
    return render(request, "accounts/way.html", {"way": BY_SLUG[slug]})


@require_POST
@login_required
def explain(request: HttpRequest) -> HttpResponse:
    """What the command prints for whoever asks."""
    printed = StringIO()
    call_command("logout", "explain", user=request.user.get_username(), stdout=printed)
    context = {"way": EXPLAIN, "printed": printed.getvalue()}
    return render(request, "accounts/way.html", context)

"""The only page of a small site: who is logged in, and the way to the other sites."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sso.sites import PROVIDER, SITES


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "sso/home.html")


def sites(request: HttpRequest) -> dict[str, Any]:
    """Tell all templates of this site and the others."""
    others = [(site.title, site.url) for site in SITES if site is not settings.SITE]
    return {"site": settings.SITE, "others": [("Classic cars", PROVIDER), *others]}

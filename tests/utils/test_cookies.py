"""Deleting cookies."""

import pytest
from django.http import HttpResponse

from django_logout.utils.cookies import delete_cookie


@pytest.mark.parametrize("secure", [False, True])
def test_the_header_has_the_attributes_that_the_cookie_was_set_with(secure: bool) -> None:
    """Browsers do not let a header without ``secure`` delete a secure cookie over HTTP."""
    response = HttpResponse()

    delete_cookie(response, "beta", path="/a/", domain="example.com", secure=secure)

    cookie = response.cookies["beta"]
    assert (cookie.value, cookie["max-age"]) == ("", 0)
    assert (cookie["path"], cookie["domain"]) == ("/a/", "example.com")
    assert bool(cookie["secure"]) is secure

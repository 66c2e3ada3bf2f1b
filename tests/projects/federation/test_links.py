"""Links: what is recorded of a login at a provider, and what is not."""

import time
from typing import Any

import jwt
import pytest
from django.contrib.auth import login
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client, RequestFactory
from django.urls import reverse

from django_logout.admin import LoginSessionAdmin
from django_logout.federation import links, sealing
from django_logout.federation.admin import ProviderLinkInline, extend_admin
from django_logout.federation.models import ProviderLink
from tests.projects.federation.conftest import CLIENT_ID, ISSUER, log_in

pytestmark = pytest.mark.django_db(transaction=True)


def id_token(**changes: Any) -> str:
    """Return an ID token. Whoever records it has verified it."""
    said = {"iss": ISSUER, "aud": CLIENT_ID, "sub": "1", "sid": "S", "iat": int(time.time())}
    return jwt.encode({**said, **changes}, "k" * 32, "HS256")


@pytest.fixture
def request_of(user: Any, rf: RequestFactory) -> Any:
    """A request that has just logged in."""
    from django.contrib.sessions.middleware import SessionMiddleware

    from django_logout.middleware import LogoutMiddleware

    request = rf.get("/")
    SessionMiddleware(lambda request: None).process_request(request)  # type: ignore[arg-type, return-value]
    LogoutMiddleware(lambda request: None)  # type: ignore[arg-type, return-value]
    login(request, user, "django.contrib.auth.backends.ModelBackend")
    return request


def test_what_the_id_token_says(request_of: Any) -> None:
    """It is stored encrypted, and under the provider that it names."""
    raw = id_token()
    links.record(request_of, id_token=raw)
    link = links.of(request_of)
    assert link is not None
    assert (link.provider, link.issuer, link.subject, link.sid) == ("op", ISSUER, "1", "S")
    assert link.issued_at is not None
    assert raw not in link.id_token
    assert sealing.unseal(link.id_token) == raw


def test_a_link_is_renewed_and_several_are_kept(request_of: Any, settings: Any) -> None:
    """One a provider; the newest comes first."""
    links.record(request_of, "op", subject="1", sid="A")
    links.record(request_of, "op", subject="1", sid="B")
    links.record(request_of, issuer="https://saml.example", subject="x")
    found = links.all_of(request_of)
    assert [(link.provider, link.sid) for link in found] == [
        ("https://saml.example", ""),
        ("op", "B"),
    ]
    newest = links.of(request_of)
    assert newest is not None
    assert newest.subject == "x"
    (session_id,) = {link.session_id for link in found}
    assert links.titles([session_id]) == {session_id: "Example ID, https://saml.example"}


def test_token_is_found_after_the_key_was_changed(request_of: Any, settings: Any) -> None:
    """While the old key is among the fallbacks."""
    links.record(request_of, id_token=id_token())
    sealed = ProviderLink.objects.get().id_token
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    assert sealing.unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = []
    assert sealing.unseal(sealed) == ""


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"subject": "1"}, "issuer"),
        ({"issuer": ISSUER}, "subject"),
        ({"issuer": ISSUER, "subject": "s" * 256}, "255"),
        ({"id_token": "junk"}, "no JSON web token"),
    ],
)
def test_what_is_not_known_is_an_error(request_of: Any, facts: Any, why: str) -> None:
    """At the call, with what to give."""
    with pytest.raises(ValueError, match=why):
        links.record(request_of, **facts)


def test_no_login_no_link(rf: RequestFactory, request_of: Any, user: Any) -> None:
    """A request without a session, without a user, or of a user who is gone."""
    request = rf.get("/")
    with pytest.raises(ValueError, match="logged in"):
        links.record(request, "op", subject="1")
    assert links.of(request) is None
    request_of.session.flush()
    with pytest.raises(ValueError, match="logged in"):
        links.record(request_of, "op", subject="1")
    assert links.all_of(request_of) == []


def test_session_of_nobody(request_of: Any, user: Any) -> None:
    """Its data name a user who does not exist."""
    session: SessionBase = request_of.session
    for name in [key for key in dict(session.items()) if key.startswith("_django_logout")]:
        del session[name]
    session["_auth_user_id"] = "987654"
    with pytest.raises(ValueError, match="exists"):
        links.record(request_of, "op", subject="1")


@pytest.mark.parametrize(
    "said",
    [{"iat": "x"}, {"iat": True}, {"iat": 1e300}, {"sub": 7, "aud": ["a", "b"]}, {}],
)
def test_claims_of_a_wrong_type_are_left_out(said: Any) -> None:
    """They come from another site."""
    found = links.claims_of(said)
    assert found.issued_at is None
    assert found.subject == ""


def test_two_clients_at_one_provider(request_of: Any, settings: Any) -> None:
    """The audience tells which of them the login was for."""
    one = settings.LOGOUT["PROVIDERS"]["op"]
    settings.LOGOUT = {"PROVIDERS": {"one": one, "two": {**one, "CLIENT_ID": "vans"}}}
    assert links.record(request_of, id_token=id_token(aud=["vans"])).provider == "two"


def test_sessions_page_says_through_which_site(user: Any) -> None:
    """And a session without a link says nothing."""
    here = Client()
    here.force_login(user)
    log_in(user, sid="A")
    page = here.get("/accounts/sessions/").content.decode()
    assert page.count("via Example ID") == 1


def test_admin_shows_through_which_provider(user: Any, admin_client: Client) -> None:
    """Without the name of the session there, by which it can be ended. A session without a link has no
    empty table."""
    log_in(user, sid="a-secret-name", subject="subject-7")
    link = ProviderLink.objects.get()
    url = reverse("admin:django_logout_loginsession_change", args=[link.session_id])
    page = admin_client.get(url).content.decode()
    assert "subject-7" in page
    assert "a-secret-name" not in page
    ProviderLink.objects.update(subject="")  # As SAML has it.
    assert "a-secret-name" not in admin_client.get(url).content.decode()
    link.delete()
    assert "through a provider" not in admin_client.get(url).content.decode()
    extend_admin()
    assert LoginSessionAdmin.inlines.count(ProviderLinkInline) == 1

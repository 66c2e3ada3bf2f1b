"""RP-initiated logout where the site is the provider (RPI-20 to 27): what each library's endpoint has to do.

Each test bears the name of a module of the Foundation's plan, where there is one.
"""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth import get_user_model
from django.test import Client

from django_logout.federation import sender
from django_logout.models import LogoutEvent
from tests.clients import csrf_token, logged_in, logged_in_as
from tests.projects.client_deliveries import tell
from tests.projects.issuing import CALLBACK, Issuer, Receiver

BACK = "https://shop.example/bye"
STATE = "s" * 128


@pytest.mark.filterwarnings("ignore:The default scheme will be changed")
class ClientLogouts:
    """Tests of a site that is a provider."""

    @pytest.fixture
    def here(self, op: Issuer, user: Any, receiver: Receiver) -> Client:
        """A browser with a login at an application, which is told."""
        op.register("shop", **op.with_return(BACK))
        tell(receiver, "shop")
        browser = logged_in(user)
        self.hint = op.log_in(browser)["id_token"]
        return browser

    def ask(self, op: Issuer, browser: Client, **fields: str) -> Any:
        """Send the browser to the endpoint, and agree if it asks."""
        answer = browser.get(f"{op.logout_url}?{urlencode(fields)}")
        if answer.status_code == 200 and (form := op.agreement(answer)):
            answer = browser.post(op.logout_url, {**fields, **form})
        return answer

    def test_oidcc_rp_initiated_logout(self, op: Issuer, here: Client, receiver: Receiver) -> None:
        """Back at the registered URI with the same state and nothing else; the application hears."""
        fields = {"id_token_hint": self.hint, "post_logout_redirect_uri": BACK, "state": STATE}
        answer = self.ask(op, here, **fields)
        assert answer.status_code == 302, answer.content
        url = urlsplit(answer["Location"])
        assert answer["Location"].startswith(f"{BACK}?")
        assert parse_qs(url.query) == {"state": [STATE]}
        assert logged_in_as(here) == ""
        event = LogoutEvent.objects.get()
        assert (event.scope, event.reason) == ("current", "user")
        assert sender.deliver() == {"heard": 1}
        assert receiver.sids() == [op.read(self.hint)["sid"]]

    def test_prompt_none_afterwards_fails(self, op: Issuer, here: Client) -> None:
        """A second authorization without a login says that one is needed."""
        self.ask(op, here, id_token_hint=self.hint)
        asked = {
            "client_id": "shop",
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "prompt": "none",
            "state": "s",
        }
        answer = here.get(f"{op.authorize_url}?{urlencode(asked)}")
        assert "error=login_required" in answer["Location"]

    def test_no_state(self, op: Issuer, here: Client) -> None:
        """None is invented."""
        answer = self.ask(op, here, id_token_hint=self.hint, post_logout_redirect_uri=BACK)
        assert answer["Location"] == BACK

    @pytest.mark.parametrize(
        "uri",
        [
            "https://evil.example/",
            "https://shop.example/other",
            f"{BACK}?foo=bar",
            f"{BACK}/",
            "https://shop.example",
            "javascript:alert(1)",
        ],
        ids=["bad", "path", "query-added", "slash", "origin", "script"],
    )
    def test_bad_post_logout_redirect_uri(self, op: Issuer, here: Client, uri: str) -> None:
        """It must be equal to one that is registered."""
        answer = self.ask(op, here, id_token_hint=self.hint, post_logout_redirect_uri=uri)
        assert not answer.get("Location", "").startswith((uri, "https://shop.example"))

    def test_bad_id_token_hint(self, op: Issuer, here: Client) -> None:
        """Signed by somebody else, or by nobody: no redirect to the application."""
        head, body, _signature = self.hint.split(".")
        claims = jwt.decode(self.hint, options={"verify_signature": False})
        kid = {"kid": jwt.get_unverified_header(self.hint)["kid"]}
        other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        forged = jwt.encode(claims, other_key, "RS256", headers=kid)
        none = base64.urlsafe_b64encode(json.dumps({"alg": "none", **kid}).encode()).decode()
        unsigned = f"{none.rstrip('=')}.{body}."
        for hint in (forged, unsigned, f"{head}.{body}.", "junk", "a.b.c"):
            answer = here.get(
                f"{op.logout_url}?{urlencode({'id_token_hint': hint, 'post_logout_redirect_uri': BACK})}"
            )
            assert not answer.get("Location", "").startswith(BACK)
            assert logged_in_as(here) == "ann"

    @pytest.mark.parametrize(
        "fields", [{}, {"state": STATE}, {"post_logout_redirect_uri": BACK}], ids=str
    )
    def test_no_id_token_hint(self, op: Issuer, here: Client, fields: dict[str, str]) -> None:
        """The user is asked, and the answer counts; the browser goes to no application."""
        answer = here.get(f"{op.logout_url}?{urlencode(fields)}")
        assert "Location" not in answer
        assert logged_in_as(here) == "ann"
        answer = self.ask(op, here, **fields)
        assert not answer.get("Location", "").startswith(BACK)
        if "post_logout_redirect_uri" not in fields:
            assert logged_in_as(here) == ""

    def test_hint_of_an_expired_token(self, op: Issuer, here: Client) -> None:
        """It says who asks, however old it is."""
        with time_machine.travel(op.read(self.hint)["exp"] + 60, tick=True):
            here.force_login(get_user_model().objects.get(username="ann"))
            answer = self.ask(op, here, id_token_hint=self.hint, post_logout_redirect_uri=BACK)
        assert answer["Location"] == BACK

    def test_hint_of_another_user(self, op: Issuer, here: Client) -> None:
        """Nobody is logged out by a hint of somebody else without being asked."""
        other = logged_in(get_user_model().objects.create_user("bob"))
        answer = other.get(f"{op.logout_url}?{urlencode({'id_token_hint': self.hint})}")
        assert answer.status_code == 200
        assert logged_in_as(other) == "bob"

    def test_client_id_of_another_application(self, op: Issuer, here: Client) -> None:
        """It does not belong to the hint, so neither counts."""
        op.register("news")
        fields = {"id_token_hint": self.hint, "client_id": "news", "post_logout_redirect_uri": BACK}
        answer = here.get(f"{op.logout_url}?{urlencode(fields)}")
        assert not answer.get("Location", "").startswith(BACK)
        assert logged_in_as(here) == "ann"

    def test_logged_out_already(self, op: Issuer, here: Client) -> None:
        """It is no error, and leads back."""
        fields = {"id_token_hint": self.hint, "post_logout_redirect_uri": BACK}
        for _ in range(2):
            answer = self.ask(op, here, **fields)
            assert answer["Location"] == BACK

    def test_the_question_names_the_applications(self, op: Issuer, here: Client) -> None:
        """Those that will hear, and no other."""
        op.log_in(here, "news")
        page = here.get(op.logout_url).content.decode()
        assert "<li>Shop</li>" in page
        assert "News" not in page

    def test_by_post(self, op: Issuer, here: Client) -> None:
        """From the application's page, whose form carries no token of this site."""
        browser = Client(enforce_csrf_checks=True)
        browser.cookies = here.cookies
        fields = {"id_token_hint": self.hint, "post_logout_redirect_uri": BACK}
        answer = browser.post(op.logout_url, fields)
        assert answer.status_code == 200
        agreed = {**fields, **op.agreement(answer)}
        assert logged_in_as(here) == "ann"
        assert browser.post(op.logout_url, {**agreed, "csrfmiddlewaretoken": ""}).status_code in {
            200,
            403,
        }
        assert logged_in_as(here) == "ann"
        answer = browser.post(op.logout_url, {**agreed, "csrfmiddlewaretoken": csrf_token(answer)})
        assert answer["Location"] == BACK
        assert logged_in_as(here) == ""

    def test_user_who_stays(self, op: Issuer, here: Client, receiver: Receiver) -> None:
        """Nothing ends, and nothing is told."""
        here.post(op.logout_url, {"id_token_hint": self.hint, **op.refusal})
        assert logged_in_as(here) == "ann"
        assert sender.deliver() == {}

    def test_deleted_hint_of_another_application(self, op: Issuer, here: Client) -> None:
        """Its session has ended, and what it says still has to be true."""
        self.ask(op, here, id_token_hint=self.hint)
        op.register("news")
        fields = {"id_token_hint": self.hint, "client_id": "news", "post_logout_redirect_uri": BACK}
        answer = here.get(f"{op.logout_url}?{urlencode(fields)}")
        assert not answer.get("Location", "").startswith(BACK)

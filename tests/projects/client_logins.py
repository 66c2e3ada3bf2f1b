"""What each library that makes a site an OpenID provider has to do: name sessions, and record logins."""

import json
from typing import Any
from unittest import mock

from django.contrib.auth import get_user_model
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.federation import client_links
from django_logout.federation.models import ClientLink
from django_logout.models import CredentialBinding, LoginSession
from tests.clients import LOGOUT, logged_in
from tests.projects.issuing import Issuer


class ClientLogins:
    """Tests of a site that is a provider."""

    def test_each_session_has_a_name_for_each_application(self, op: Issuer, user: Any) -> None:
        """BCL-41: the same in all ID tokens of both, and another for any other."""
        here, there = logged_in(user), logged_in(user)
        logins = [(here, "shop"), (here, "shop"), (here, "news"), (there, "shop")]
        sids = [op.read(op.log_in(*each)["id_token"], each[1])["sid"] for each in logins]
        assert sids[0] == sids[1]
        assert len(set(sids)) == 3
        assert {len(sid) for sid in sids} == {22}  # 128 bits.
        assert {link.sid for link in ClientLink.objects.all()} == set(sids)

    def test_what_is_recorded(self, op: Issuer, user: Any) -> None:
        """The names are those of the ID token. What could redeem anything is not stored."""
        here = logged_in(user)
        code = op.authorize(here)["code"]
        tokens = op.redeem(code).json()
        claims = op.read(tokens["id_token"])
        link = ClientLink.objects.get()
        assert (link.session, link.user) == (LoginSession.objects.get(), user)
        assert (link.client_id, link.issuer, link.subject, link.sid) == (
            "shop",
            claims["iss"],
            claims["sub"],
            claims["sid"],
        )
        rows = [*ClientLink.objects.values(), *CredentialBinding.objects.values()]
        assert code not in str(rows)
        assert tokens["refresh_token"] not in str(rows)

    def test_refreshed_tokens_have_the_same_name(self, op: Issuer, user: Any) -> None:
        """However often, and it costs no row more."""
        tokens = op.log_in(logged_in(user))
        sid, rows = op.read(tokens["id_token"])["sid"], CredentialBinding.objects.count()
        for _ in range(3):
            tokens = op.renew(tokens)
            assert op.read(tokens["id_token"])["sid"] == sid
        kinds = CredentialBinding.objects.filter(kind=client_links.KIND)
        assert kinds.count() == 1
        assert rows == CredentialBinding.objects.count()

    def test_id_token_that_the_browser_gets(self, op: Issuer, user: Any) -> None:
        """At the authorization endpoint, by the hybrid flow."""
        here = logged_in(user)
        op.register("shop", **op.hybrid)
        found = op.authorize(here, kind="code id_token")
        sid = op.read(found["id_token"])["sid"]
        assert op.read(op.redeem(found["code"]).json()["id_token"])["sid"] == sid

    def test_code_of_an_ended_session_is_refused(self, op: Issuer, user: Any) -> None:
        """The application would hold a login that it is never told the end of."""
        here = logged_in(user)
        code = op.authorize(here)["code"]
        here.post(LOGOUT)
        answer = op.redeem(code)
        assert (answer.status_code, json.loads(answer.content)["error"]) == (400, "invalid_grant")
        assert not ClientLink.objects.exists()

    def test_session_that_ends_while_the_token_is_made(self, op: Issuer, user: Any) -> None:
        """Between the last look at it and the link: the token is not sent."""
        here = logged_in(user)
        code = op.authorize(here, scope="openid offline_access")["code"]
        read = client_links.read_claims

        def end_meanwhile(raw: str) -> Any:
            end_sessions(Target.user(user))
            return read(raw)

        with mock.patch.object(client_links, "read_claims", end_meanwhile):
            answer = op.redeem(code)
        assert (answer.status_code, json.loads(answer.content)["error"]) == (400, "invalid_grant")
        assert not ClientLink.objects.exists()

    def test_session_that_ends_while_the_code_is_made(self, op: Issuer, user: Any) -> None:
        """The code is good for nothing."""
        here = logged_in(user)
        with mock.patch.object(client_links.bindings, "bind_to_session", return_value=False):
            code = op.authorize(here, scope="openid offline_access")["code"]
        assert op.redeem(code).status_code == 400

    def test_offline_access_goes_on_without_a_session(self, op: Issuer, user: Any) -> None:
        """Its tokens name no session, and the login is the user's."""
        here = logged_in(user)
        tokens = op.log_in(here, scope="openid offline_access")
        end_sessions(Target.session(LoginSession.objects.get().pk))
        claims = op.read(op.renew(tokens)["id_token"])
        assert "sid" not in claims
        own = ClientLink.objects.get(session=None)
        assert (own.user, own.client_id, own.subject, own.sid) == (user, "shop", claims["sub"], "")

    def test_offline_access_that_begins_after_the_session(self, op: Issuer, user: Any) -> None:
        """The code was obtained before its end."""
        here = logged_in(user)
        code = op.authorize(here, scope="openid offline_access")["code"]
        end_sessions(Target.session(LoginSession.objects.get().pk))
        answer = op.redeem(code)
        if answer.status_code == 200:
            assert "sid" not in op.read(answer.json()["id_token"])
            assert ClientLink.objects.get().session is None

    def test_another_users_code_names_no_session_of_this_one(self, op: Issuer, user: Any) -> None:
        """Each browser has its own."""
        other = get_user_model().objects.create_user("bob")
        mine, theirs = (
            op.read(op.log_in(logged_in(each))["id_token"])["sid"] for each in (user, other)
        )
        assert ClientLink.objects.get(sid=mine).user == user
        assert ClientLink.objects.get(sid=theirs).user == other

    def test_discovery(self, op: Issuer, user: Any) -> None:
        """Applications learn that logouts are reported, and by session."""
        document = Client().get(op.discovery_url).json()
        assert document["backchannel_logout_supported"] is True
        assert document["backchannel_logout_session_supported"] is True
        assert document["end_session_endpoint"].endswith(op.logout_url)

    def test_links_go_with_their_session_and_user(self, op: Issuer, user: Any) -> None:
        """Nothing is left of a deleted account."""
        op.log_in(logged_in(user))
        user.delete()
        assert not ClientLink.objects.exists()

"""What each library that makes a site an OpenID provider has to do when sessions end: applications hear of it."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from django_logout import Target, end_sessions
from django_logout.federation import sender
from django_logout.federation.models import Delivery, LogoutClient
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import EVERYWHERE, LOGOUT, OTHERS, logged_in
from tests.projects.issuing import Issuer, Receiver

EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Told:
    """An application that hears of logouts at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def register(self, client_id: str, **fields: Any) -> None:
        """Register it under a client id."""
        rows = LogoutClient.objects
        rows.create(client_id=client_id, backchannel_logout_uri=self.url, **fields)


def tell(receiver: Receiver, *client_ids: str, **fields: Any) -> None:
    """Register applications that hear of logouts."""
    for client_id in client_ids:
        Told(receiver.url).register(client_id, **fields)


class ClientDeliveries:
    """Tests of a site that is a provider."""

    def sid(self, op: Issuer, browser: Any, client_id: str = "shop") -> str:
        """Log in to an application, and return its name of the session."""
        claims = op.read(op.log_in(browser, client_id)["id_token"], client_id)
        return str(claims["sid"])

    def test_application_hears_of_a_logout(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """oidcc-backchannel-rp-initiated-logout, BCL-40: by a POST with a token that means what the ID token said."""
        tell(receiver, "shop")
        here = logged_in(user)
        id_token = op.read(op.log_in(here)["id_token"])
        here.post(LOGOUT)
        assert sender.deliver() == {"heard": 1}
        (form,) = receiver.heard
        assert receiver.types == ["application/x-www-form-urlencoded"]
        assert list(form) == ["logout_token"]
        claims = op.read(form["logout_token"])
        assert claims.keys() == {"iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"}
        for name in ("iss", "aud", "sub", "sid"):
            assert claims[name] == id_token[name]
        assert claims["events"] == {EVENT: {}}
        assert 0 < claims["exp"] - claims["iat"] <= 120
        assert len(claims["jti"]) >= 22
        import jwt

        header = jwt.get_unverified_header(form["logout_token"])
        assert header["typ"] == "logout+jwt"
        row = Delivery.objects.get()
        assert (row.state, row.last_status, row.tries) == ("heard", 200, 1)
        assert row.event == LogoutEvent.objects.get()
        assert form["logout_token"] not in str(Delivery.objects.values())
        assert sender.deliver() == {}

    def test_one_session_of_two(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """BCL-42: and of two applications in it, both."""
        tell(receiver, "shop", "news")
        here, there = logged_in(user), logged_in(user)
        mine = {self.sid(op, here), self.sid(op, here, "news")}
        self.sid(op, there)
        here.post(LOGOUT)
        sender.deliver()
        assert set(receiver.sids()) == mine
        assert len(receiver.heard) == 2

    def test_others(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """Each by its own name: the one that stays must not end."""
        tell(receiver, "shop")
        here, there, elsewhere = (logged_in(user) for _ in range(3))
        self.sid(op, here)
        ended = {self.sid(op, there), self.sid(op, elsewhere)}
        here.post(OTHERS)
        sender.deliver()
        assert set(receiver.sids()) == ended

    def test_everywhere(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """Once for each application, without the name of a session."""
        tell(receiver, "shop", "news")
        here, there = logged_in(user), logged_in(user)
        for browser, client_id in [(here, "shop"), (there, "shop"), (there, "news")]:
            self.sid(op, browser, client_id)
        here.post(EVERYWHERE)
        assert sender.deliver() == {"heard": 2}
        assert receiver.sids() == [None, None]
        assert {claims["aud"] for claims in receiver.tokens()} == {"shop", "news"}

    def test_application_that_needs_the_names(
        self, op: Issuer, user: Any, receiver: Receiver
    ) -> None:
        """It hears of each session."""
        tell(receiver, "shop", session_required=True)
        sids = {self.sid(op, logged_in(user)) for _ in range(2)}
        end_sessions(Target.user(user))
        sender.deliver()
        assert set(receiver.sids()) == sids

    def test_users(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """Of many users, each by the subject."""
        tell(receiver, "shop")
        other = get_user_model().objects.create_user("bob")
        for each in (user, other):
            self.sid(op, logged_in(each))
        end_sessions(Target.users(get_user_model().objects.all()))
        sender.deliver()
        assert {(c["sub"], c.get("sid")) for c in receiver.tokens()} == {
            (str(user.pk), None),
            (str(other.pk), None),
        }

    def test_everyone(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """By one row, which finds all logins from before. What begins afterwards is not told."""
        tell(receiver, "shop", "news")
        other = get_user_model().objects.create_user("bob")
        for each in (user, other):
            self.sid(op, logged_in(each))
        end_sessions(Target.everyone())
        (row,) = Delivery.objects.all()
        assert (row.client_id, row.sid) == ("", "")
        self.sid(op, logged_in(user), "news")
        sender.deliver()
        assert {claims["sub"] for claims in receiver.tokens()} == {str(user.pk), str(other.pk)}
        assert {claims["aud"] for claims in receiver.tokens()} == {"shop"}
        assert not Delivery.objects.filter(client_id="").exists()

    def test_new_login_survives_a_late_delivery(
        self, op: Issuer, user: Any, receiver: Receiver
    ) -> None:
        """A logout of all sessions that is heard later names those of before."""
        tell(receiver, "shop")
        before = {self.sid(op, logged_in(user)) for _ in range(2)}
        end_sessions(Target.user(user))
        after = self.sid(op, logged_in(user))
        sender.deliver()
        assert set(receiver.sids()) == before
        assert after not in receiver.sids()

    def test_password_change(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """By code without a request: all sessions, and so no name of one."""
        tell(receiver, "shop")
        self.sid(op, logged_in(user))
        user.set_password("new")
        user.save()
        sender.deliver()
        assert receiver.sids() == [None]

    def test_rolled_back_ending(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """What has not happened is not reported."""
        tell(receiver, "shop")
        self.sid(op, logged_in(user))
        with transaction.atomic():
            end_sessions(Target.user(user))
            assert Delivery.objects.exists()
            transaction.set_rollback(True)
        assert not Delivery.objects.exists()
        assert sender.deliver() == {}

    def test_ending_of_what_has_ended(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """It is told once."""
        tell(receiver, "shop")
        self.sid(op, logged_in(user))
        session = LoginSession.objects.get().pk
        for _ in range(2):
            end_sessions(Target.session(session))
        assert sender.deliver() == {"heard": 1}

    def test_applications_that_are_not_registered(
        self, op: Issuer, user: Any, receiver: Receiver
    ) -> None:
        """They are not told, nor those that are switched off."""
        tell(receiver, "news", is_active=False)
        here = logged_in(user)
        self.sid(op, here)
        self.sid(op, here, "news")
        here.post(LOGOUT)
        assert not Delivery.objects.exists()

    def test_application_in_the_settings(
        self, op: Issuer, user: Any, receiver: Receiver, settings: Any
    ) -> None:
        """It needs no row."""
        clients = {"shop": {"BACKCHANNEL_LOGOUT_URI": receiver.url, "SESSION_REQUIRED": True}}
        settings.LOGOUT = {**settings.LOGOUT, "CLIENTS": clients}
        sid = self.sid(op, logged_in(user))
        end_sessions(Target.user(user))
        sender.deliver()
        assert receiver.sids() == [sid]

    def test_application_that_is_deleted_meanwhile(
        self, op: Issuer, user: Any, receiver: Receiver
    ) -> None:
        """Nothing can be signed for it any more."""
        tell(receiver, "shop")
        self.sid(op, logged_in(user))
        end_sessions(Target.user(user))
        op.register("shop").delete()
        assert sender.deliver() == {"failed": 1}
        assert Delivery.objects.get().last_error == "unregistered"

    def test_deleted_account(self, op: Issuer, user: Any, receiver: Receiver) -> None:
        """Its applications hear, although its rows are gone."""
        tell(receiver, "shop")
        self.sid(op, logged_in(user))
        subject = str(user.pk)
        user.delete()
        assert sender.deliver() == {"heard": 1}
        assert receiver.tokens()[0]["sub"] == subject

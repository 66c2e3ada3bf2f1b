"""What tests of mails share: a user with an address, and browsers to log in with."""

from django.core import mail
from django.test import Client

from tests.clients import logged_in_as

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LINUX_LATER = LINUX.replace("140.0", "141.0")
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
SECRET = {"username": "ann", "password": "pw"}
NEW = "New login to your account at testserver"
ENDED = "You have been logged out of testserver"


def log_in(agent: str = LINUX, ip: str = "198.51.100.7", client: Client | None = None) -> Client:
    """Ann logs in with some browser, from some network."""
    client = client or Client()
    client.post("/login/", SECRET, headers={"user-agent": agent}, REMOTE_ADDR=ip)
    assert logged_in_as(client) == "ann"
    return client


def subjects() -> list[str]:
    """Of the mails that were sent."""
    return [str(message.subject) for message in mail.outbox]

"""A program that logs in for JSON web tokens."""

from dataclasses import dataclass
from typing import Any

from django.test import Client
from rest_framework_simplejwt.tokens import RefreshToken


@dataclass
class Program:
    """A program that is logged in, and replays its tokens."""

    refresh: str
    access: str

    @classmethod
    def log_in(cls, name: str = "ann", client: Client | None = None, **headers: str) -> "Program":
        """Log in with a name and a password by the library's view, inside or outside of a
        browser."""
        data = {"username": name, "password": "pw"}
        answer = (client or Client()).post("/jwt/", data, headers=headers or None)
        assert answer.status_code == 200, answer.content
        return cls(**answer.json())

    @classmethod
    def issued_for(cls, user: Any) -> "Program":
        """Return tokens of code that does not know us, as before the package was installed."""
        token = RefreshToken.for_user(user)
        return cls(str(token), str(token.access_token))

    def ask(self, path: str = "/api/who/") -> Any:
        """Send one GET request with the access token."""
        return Client().get(path, headers={"Authorization": f"Bearer {self.access}"})

    def post(self, path: str, **data: Any) -> Any:
        """Send one POST request with the access token."""
        return Client().post(path, data, headers={"Authorization": f"Bearer {self.access}"})

    @property
    def works(self) -> bool:
        """Return whether the access token authenticates, with and without loading the user."""
        answers = [self.ask("/api/who/").status_code, self.ask("/api/stateless/").status_code]
        assert answers in ([200, 200], [401, 401]), answers
        return answers == [200, 200]

    def exchange(self, path: str = "/jwt/refresh/") -> "Program":
        """Refresh, and return the next tokens."""
        answer = Client().post(path, {"refresh": self.refresh})
        assert answer.status_code == 200, answer.content
        return Program(**answer.json())

    def refused(self) -> str:
        """Return the reason for which every token is refused."""
        answers = [self.ask(), self.ask("/api/stateless/")]
        answers.append(Client().post("/jwt/refresh/", {"refresh": self.refresh}))
        assert [answer.status_code for answer in answers] == [401] * 3, answers
        (reason,) = {answer.json().get("reason", "") for answer in answers[:2]}
        return str(reason)


def exchange(program: Program) -> Program | None:
    """Refresh, and return the next tokens, or ``None`` where the refresh is refused."""
    answer = Client().post("/jwt/refresh/", {"refresh": program.refresh})
    assert answer.status_code in {200, 401}, answer.content
    return Program(**answer.json()) if answer.status_code == 200 else None


def works(program: Program) -> bool:
    """Return whether any of the tokens works in any way."""
    stock = Client().post("/jwt/stock-refresh/", {"refresh": program.refresh})
    child = Program(**stock.json()) if stock.status_code == 200 else None
    return program.works or exchange(program) is not None or (child is not None and child.works)

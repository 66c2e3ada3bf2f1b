"""The sentences of the pages and messages."""

from django_logout.responses.messages import explain_reason


def test_every_reason_has_a_sentence() -> None:
    """A reason of the project's own only says that the session has ended."""
    assert str(explain_reason("admin")) == "An administrator ended your session."
    assert str(explain_reason("fired")) == "Your session has ended."

"""Where other people's own tests and django_logout differ on purpose."""

from typing import NamedTuple


class Difference(NamedTuple):
    """Why one of their tests cannot pass."""

    reason: str
    "Why ours is right, or why no project can meet this."
    shows: str
    "A piece of what the failing test prints, so that it does not fail for another reason."
    since: tuple[int, int] = (5, 2)
    "The first Django that has the test in this form."
    before: tuple[int, int] = (99, 0)
    "The first that has not."

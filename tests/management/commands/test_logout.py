"""``manage.py logout`` requires a verb and what the verb requires."""

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db(transaction=True)


def test_user_is_required() -> None:
    """The exit code is 2, as for other errors in the options."""
    with pytest.raises(CommandError, match="Say --user") as error:
        call_command("logout", "explain")
    assert error.value.returncode == 2


def test_verb_is_required() -> None:
    """The message is the usage line."""
    with pytest.raises(CommandError, match="verb"):
        call_command("logout")

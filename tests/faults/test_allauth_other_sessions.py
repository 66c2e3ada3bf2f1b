"""F16: allauth's "end other sessions" says success, and the other session lives."""

from tests.adapters.running import run_scenarios


def test_f16_allauths_own_page_tells_the_truth() -> None:
    """On every engine, with a late writer, a rotated key and a copied cookie."""
    run_scenarios("usersessions", "allauth", settings="tests.adapters.settings_usersessions")

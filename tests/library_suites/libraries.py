"""Which libraries bring tests that we run, and how each is run."""

from typing import NamedTuple


class Library(NamedTuple):
    """How the tests in a source distribution are run."""

    tests: tuple[str, ...] = ("tests",)
    "What pytest is given."
    settings: str = ""
    "The settings module. None: the tests configure Django themselves."
    folder: str = ""
    "The part of the source distribution that is needed; it keeps its last name."
    search: tuple[str, ...] = ()
    "Folders to import from, besides the one that the tests run in."
    options: tuple[str, ...] = ()
    "More for pytest, where the library's own options were for coverage and the like."
    needs: tuple[str, ...] = ()
    "Modules that the tests import, besides the library's."
    project: str = ""
    "A folder under ``projects``, with what the source distribution lacks."


LIBRARIES = {
    "dj-rest-auth": Library(
        folder="dj_rest_auth/tests",
        settings="tests.settings",
        needs=("allauth", "pyotp", "responses", "rest_framework_simplejwt"),
    ),
    "django-axes": Library(settings="tests.settings", needs=("ipware",)),
    "django-impersonate": Library(
        tests=("impersonate/tests.py",),
        settings="project.settings",
        options=("--override-ini=python_functions=no_functions",),  # its views begin with "test_"
        needs=("distutils",),
        project="impersonate",
    ),
    "django-loginas": Library(tests=("loginas/tests/tests.py",), settings="loginas.tests.settings"),
    "django-otp": Library(
        tests=("src",),
        settings="test_project.settings",
        search=("src", "test"),
        options=("--override-ini=python_files=tests.py",),
        needs=("freezegun",),
    ),
    "django-rest-knox": Library(settings="project.settings", needs=("freezegun",), project="knox"),
    "django-two-factor-auth": Library(
        tests=("tests", "two_factor/plugins"),
        settings="tests.settings",
        options=("--ignore=two_factor/plugins/webauthn/tests/test_e2e.py",),
        needs=("phonenumbers",),
        project="two_factor",
    ),
    "djangorestframework": Library(options=("--no-migrations",), needs=("dj_database_url",)),
    "djangorestframework-simplejwt": Library(needs=("freezegun", "jose")),
    "mozilla-django-oidc": Library(
        settings="project.settings", needs=("rest_framework",), project="mozilla_oidc"
    ),
    "social-auth-app-django": Library(settings="tests.settings"),
}

#: Those whose tests cannot be run from a source distribution.
WITHOUT_SUITE = {
    "channels": "Its source distribution has no tests.",
    "django-hijack": "Its source distribution has no tests.",
    "django-oauth-toolkit": "Its source distribution lacks the models, settings and helpers that its tests import.",
    "django-sesame": "Its source distribution has no tests.",
    "djoser": "Its source distribution has no tests.",
}

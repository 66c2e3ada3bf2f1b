"""Where Django's own tests and django_logout differ on purpose. Every run proves every entry."""

from tests.suites.difference import Difference

_OTHER_USER_MODEL = Difference(
    "The test swaps the user model after the tables were made, so that no foreign key to users fits.",
    'must be a "User" instance',
)

DIFFERENCES: dict[str, Difference] = {
    "auth_tests.test_views.LogoutThenLoginTests.test_default_logout_then_login_get": Difference(
        "GET asks before it logs out, instead of answering 405 with nothing to go on from.",
        "200 != 405",
    ),
    "auth_tests.test_views.LogoutTest.test_access_under_login_required_middleware": Difference(
        "Logging out twice is calm success, not a way through the login page to a blank 405.",
        "200 != 302 : Response didn't redirect as expected",
    ),
    "admin_views.tests.AdminViewLogoutTests.test_logout": Difference(
        "The goodbye page is never one that only the admin ships; LogoutAdminSiteMixin asks for it.",
        "registration/logged_out.html",
    ),
    "admin_views.test_multidb.ViewOnSiteTests.test_contenttype_in_separate_db": Difference(
        "The test routes every app it does not name away from the users, whom our rows point to.",
        "",  # it fails twice: its page asks for a login, and its teardown finds the row
    ),
    "auth_tests.test_auth_backends.UUIDUserTests.test_login": _OTHER_USER_MODEL,
    "auth_tests.test_auth_backends.UUIDUserTests.test_alogin": _OTHER_USER_MODEL,
    "auth_tests.test_views.UUIDUserTests.test_admin_password_change": _OTHER_USER_MODEL,
}

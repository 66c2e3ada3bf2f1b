"""Where the tests of other libraries and django_logout differ on purpose. Every run proves every
entry."""

from tests.suites.difference import Difference

_FACTOR_CHANGED = Difference(
    "Code without a request adds or deletes a second factor, which ends the user's sessions.",
    "302",
)
_FROZEN = Difference(
    "The clock stands still, so the new factor's ending and the password have the same time, and "
    "a proof that is not newer than the ending does not count.",
    "'/account/login/' != '/account/two_factor/'",
)
_BLACKLISTED = Difference(
    "The user's tokens are blacklisted, which refuses the token before the user is looked up.",
    "Token is blacklisted",
)
_LOGIN = "tests/test_views_login.py::LoginTest"
_REFRESH = "tests/test_serializers.py::TestTokenRefreshSerializer"

DIFFERENCES: dict[str, dict[str, Difference]] = {
    "django-two-factor-auth": {
        "tests/test_email.py::EmailTest::test_device_without_email": _FACTOR_CHANGED,
        "tests/test_email.py::EmailTest::test_device_user_without_email": _FACTOR_CHANGED,
        "tests/test_views_disable.py::DisableTest::test_cannot_disable_twice": _FACTOR_CHANGED,
        f"{_LOGIN}::test_throttle_with_generator": _FROZEN,
        f"{_LOGIN}::test_throttle_with_phone_sms": _FROZEN,
        f"{_LOGIN}::test_valid_login_no_timeout": Difference(
            "The test dates the password in 1970, which is older than any ending.",
            "'/account/login/' != '/account/two_factor/'",
        ),
    },
    "djangorestframework-simplejwt": {
        f"{_REFRESH}::test_it_should_raise_error_for_deleted_users": _BLACKLISTED,
        f"{_REFRESH}::test_it_should_raise_error_for_inactive_users": _BLACKLISTED,
    },
}

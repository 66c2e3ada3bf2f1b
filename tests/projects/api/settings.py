"""The endpoints for token clients, in Django REST framework and in django-ninja, with five ways to authenticate.

App: Endpoints for programs: REST framework, django-ninja
Packages: djangorestframework, django-ninja
Before: nothing: the endpoints are ours.
Verdict: include our URLs, as [Endpoints for programs](clients.md) says.
Not reached: nothing.

What matters: ``DEFAULT_AUTHENTICATION_CLASSES``, which accepts sessions and the tokens of three libraries.
"""

from tests.projects.jwt.settings import *  # noqa: F403
from tests.projects.jwt.settings import REST_FRAMEWORK

ROOT_URLCONF = "tests.projects.api.urls"
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
        "django_logout.contrib.drf.jwt.JWTAuthentication",
        "knox.auth.TokenAuthentication",
    ],
}

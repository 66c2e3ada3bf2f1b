"""A pytest plugin that installs django_logout in allauth's test projects, as our documentation
tells a project to. It runs where ``tests`` is allauth's package, not ours.

Their settings are changed when the plugin is imported, which is before pytest-django sets Django
up. Settings modules of ours would not do: allauth's tests look at the names of theirs.
"""

from django.conf import settings

AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"

middleware = list(settings.MIDDLEWARE)
middleware.insert(middleware.index(AUTH) + 1, "django_logout.middleware.LogoutMiddleware")
settings.MIDDLEWARE = middleware
settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django_logout"]

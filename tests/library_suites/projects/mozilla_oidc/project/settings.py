"""Settings for the tests of mozilla-django-oidc, which come without."""

SECRET_KEY = "for tests"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "mozilla_django_oidc",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "mozilla_django_oidc.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
OIDC_OP_AUTHORIZATION_ENDPOINT = "https://server.example.com/auth"
OIDC_OP_TOKEN_ENDPOINT = "https://server.example.com/token"
OIDC_OP_USER_ENDPOINT = "https://server.example.com/user"
OIDC_RP_CLIENT_ID = "example_id"
OIDC_RP_CLIENT_SECRET = "client_secret"
OIDC_USERNAME_ALGO = None  # a test replaces it

"""For uvicorn: ``uvicorn --app-dir example config.asgi:application``."""

import os

from django.core.asgi import get_asgi_application

from django_logout.asgi import finish_logouts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Whoever clicks "log out" and closes the tab at once is logged out all the same.
application = finish_logouts(get_asgi_application())

"""For a real ASGI server: as a project's asgi.py has it, and without the wrapper."""

from django.core.asgi import get_asgi_application

from django_logout.asgi import finish_logouts

unwrapped = get_asgi_application()
application = finish_logouts(unwrapped)

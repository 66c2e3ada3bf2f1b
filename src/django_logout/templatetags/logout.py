"""The template tags: ``{% load logout %}``."""

from django import template

from django_logout.utils.static import static_url
from django_logout.web import tags

register = template.Library()

for tag in (tags.logout_button, tags.logout_script, tags.session_list):
    register.simple_tag(tag, takes_context=True)
register.simple_tag(static_url, name="logout_static")

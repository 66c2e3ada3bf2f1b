"""``{% load logout %}``: the button, the script, the list."""

from django import template

from django_logout import markup

register = template.Library()

for tag in (markup.logout_button, markup.logout_script, markup.session_list):
    register.simple_tag(tag, takes_context=True)

"""A project that has put models of its own in the place of knox's and django-oauth-toolkit's."""

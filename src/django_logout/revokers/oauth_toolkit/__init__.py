"""django-oauth-toolkit: tokens of all kinds, and what they are to be had for."""

from django_logout.revokers.oauth_toolkit.revoker import OauthToolkitRevoker

__all__ = ["OauthToolkitRevoker"]

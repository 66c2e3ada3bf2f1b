"""Revoke tokens of django-oauth-toolkit, and the codes and grants that tokens are obtained with."""

from django_logout.revokers.oauth_toolkit.revoker import OauthToolkitRevoker

__all__ = ["OauthToolkitRevoker"]

"""Log out at the providers through which users log in (OpenID Connect), and obey their logouts.

This is an app of its own: ``INSTALLED_APPS += ["django_logout.federation"]``. It needs the extra
``oidc``. The rest of the package knows nothing of it, but for the lists in ``hooks``.
"""

"""``manage.py demo_applications``: the sites that log in at the car site."""

from typing import Any

from django.core.management.base import BaseCommand
from oauth2_provider.models import get_application_model

from sso.sites import SITES


class Command(BaseCommand):
    """Can be run again: what is there is changed."""

    help = "Register the sites of the demo as applications."

    def handle(self, *args: Any, **options: Any) -> None:
        """Register them."""
        model = get_application_model()
        for site in SITES:
            about = {
                "name": site.title,
                "client_secret": site.secret,
                "client_type": model.CLIENT_CONFIDENTIAL,
                "authorization_grant_type": model.GRANT_AUTHORIZATION_CODE,
                "redirect_uris": f"{site.url}/oidc/callback/",
                "post_logout_redirect_uris": f"{site.url}/signed-out/",
                "algorithm": model.RS256_ALGORITHM,
                "skip_authorization": True,
            }
            model.objects.update_or_create(client_id=site.name, defaults=about)

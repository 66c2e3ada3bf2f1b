"""The URLs of ``mfa``, to which the installed apps add theirs."""

from tests.projects.mfa.urls import urlpatterns as mfa
from tests.projects.relying_party import urlpatterns as federation

urlpatterns = [*federation, *mfa]

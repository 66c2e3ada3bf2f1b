"""Builds the documentation without the network: no inventory of another project is fetched."""

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

import django

sys.path[:0] = map(str, Path(__file__).resolve().parents[:2])
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

project = "django-logout"
author = "django-logout contributors"
copyright = author
version = release = version_of("django-logout")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton", "sequence"]
# Pages that begin with an underscore are parts of others.
exclude_patterns = ["_build", "**/_*.md"]
html_theme = "furo"
html_title = f"django-logout {release}"
html_static_path = ["_static"]
html_show_copyright = False

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True

nitpicky = True
# Names of other packages are documented elsewhere, and resolving them would need the network.
nitpick_ignore_regex = [
    (r"py:.*", r"(abc|asyncio|collections|datetime|enum|http|typing|uuid|django)\..*"),
    (
        r"py:.*",
        r"Any|HttpRequest|HttpResponseBase|UUID|datetime|Mapping|Collection|Credential|Progress|QuerySet",
    ),
    # Type variables and aliases: their names say what there is to know.
    (r"py:.*", r"P|django_logout\..*\.(R|UserLike)"),
]

copybutton_exclude = ".linenos, .gp, .go"

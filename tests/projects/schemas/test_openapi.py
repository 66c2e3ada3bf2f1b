"""Each generator describes our endpoints in a valid schema, with what authenticates at them."""

import json
import sys
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.urls import include, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator as Spectacular
from drf_spectacular.openapi import AutoSchema
from drf_yasg import openapi
from drf_yasg.generators import OpenAPISchemaGenerator as Yasg
from openapi_spec_validator import validate
from rest_framework.schemas.openapi import SchemaGenerator

from django_logout.contrib.drf.schema import SwaggerSchema, describing
from django_logout.contrib.drf.views import LogoutView
from tests.projects.schemas.urls import ninja

#: The five operations, and their methods.
OPERATIONS = {
    "/drf/logout/": "post",
    "/drf/sessions/": "get",
    "/drf/sessions/end-others/": "post",
    "/drf/sessions/end-all/": "post",
    "/drf/sessions/{session_id}/end/": "post",
}
OURS = [path("drf/", include("django_logout.contrib.drf.urls"))]


def plain(schema: Any) -> Any:
    """Return a schema as clients read it."""
    return json.loads(json.dumps(schema, cls=DjangoJSONEncoder))


@pytest.fixture(scope="module")
def spectacular() -> Any:
    """The schema of the whole project, by drf-spectacular."""
    GENERATOR_STATS.reset()
    return plain(Spectacular().get_schema(request=None, public=True))


def security(schema: Any, url: str) -> list[str]:
    """Return the names of the schemes that a GET accepts."""
    return [name for found in schema["paths"][url]["get"]["security"] for name in found]


def test_spectacular_describes_the_operations(spectacular: Any) -> None:
    """Without a body, and with the response of status 200."""
    validate(spectacular)
    for url, method in OPERATIONS.items():
        described = spectacular["paths"][url][method]
        assert "requestBody" not in described
        assert list(described["responses"]) == ["200"]
    assert spectacular["paths"]["/drf/logout/"]["post"]["operationId"] == "logoutLogout"
    assert {"Ended", "Sessions", "Session"} <= set(spectacular["components"]["schemas"])


def test_spectacular_can_override_a_view_of_ours(spectacular: Any) -> None:
    """Its decorator extends the class that describes the view."""
    assert spectacular["paths"]["/mine/"]["get"]["operationId"] == "mySessions"


def test_spectacular_knows_what_authenticates(spectacular: Any) -> None:
    """By the names that it gives the classes of the libraries."""
    for url in ("/who/bearer/", "/who/own/", "/who/stateless/"):
        assert security(spectacular, url) == ["jwtAuth"]
    assert security(spectacular, "/who/cookie/")[:2] == ["jwtHeaderAuth", "jwtCookieAuth"]
    schemes = spectacular["components"]["securitySchemes"]
    assert schemes["jwtAuth"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert schemes["jwtCookieAuth"]["name"] == "access"


def test_spectacular_describes_what_tokens_are_obtained_with(spectacular: Any) -> None:
    """The response has the tokens, as with the library's own serializers."""
    schemas = spectacular["components"]["schemas"]
    for url, wanted in (
        ("/jwt/", {"username", "password", "access", "refresh"}),
        ("/jwt/sliding/", {"username", "password", "token"}),
        ("/jwt/refresh/", {"access", "refresh"}),
        ("/auth/token/refresh/", {"access", "refresh"}),
    ):
        described = spectacular["paths"][url]["post"]["responses"]["200"]
        name = described["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert set(schemas[name]["properties"]) == wanted, url


def test_spectacular_describes_the_logout_of_dj_rest_auth(spectacular: Any) -> None:
    """Our view has what its extension says of the library's."""
    assert set(spectacular["paths"]["/auth/logout/"]) == {"post"}


def test_spectacular_knows_all_classes_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints a line about each class that it cannot describe."""
    GENERATOR_STATS.reset()
    Spectacular().get_schema(request=None, public=True)
    said = [line for line in capsys.readouterr().err.splitlines() if "django_logout" in line]
    # The libraries' own classes share names, too.
    assert [line for line in said if "identical names" not in line] == []


def test_yasg_describes_the_operations() -> None:
    """Swagger 2.0, without a body, and with the response of status 200."""
    generator = Yasg(openapi.Info(title="API", default_version="v1"), patterns=OURS)
    schema = plain(generator.get_schema(request=None, public=True))
    validate(schema)
    base = schema["basePath"].rstrip("/")
    for url, method in OPERATIONS.items():
        described = schema["paths"][url.removeprefix(base)][method]
        assert not any(found["in"] == "body" for found in described["parameters"])
        assert list(described["responses"]) == ["200"]


def test_rest_framework_describes_the_operations(settings: Any) -> None:
    """Its own generator."""
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_SCHEMA_CLASS": "rest_framework.schemas.openapi.AutoSchema",
    }
    generator = SchemaGenerator(title="API", patterns=OURS, version="1")
    schema = plain(generator.get_schema(request=None, public=True))
    validate(schema)
    for url, method in OPERATIONS.items():
        assert list(schema["paths"][url][method]["responses"]) == ["200"]


def test_ninja_describes_the_operations() -> None:
    """django-ninja's own generator."""
    schema = plain(ninja.get_openapi_schema())
    validate(schema)
    assert {url.replace("/drf/", "/ninja/") for url in OPERATIONS} <= set(schema["paths"])


def test_an_unknown_generator_gets_its_own_class() -> None:
    """It describes our views as it describes any other."""
    assert describing(dict) is dict


class Own(AutoSchema):
    """A project's own description of a view."""


def test_a_view_that_was_given_a_schema_keeps_it() -> None:
    """Generators put one of another class on a view that is extended."""
    view, own = LogoutView(), Own()
    view.schema = own
    assert view.schema is own
    assert type(own) is Own


def test_views_have_no_swagger_schema_without_yasg(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the attribute were not there, for code that reads all attributes of a class."""
    view = type("View", (), {"swagger_schema": SwaggerSchema()})
    assert hasattr(view, "swagger_schema")
    monkeypatch.setitem(sys.modules, "drf_yasg.app_settings", None)
    assert not hasattr(view, "swagger_schema")

"""Describe the endpoints to the generators of OpenAPI schemas: REST framework's own,
drf-spectacular and drf-yasg. None of them has to be installed."""

from functools import cache
from typing import Any

from django.utils.module_loading import import_string
from rest_framework import serializers
from rest_framework.schemas.inspectors import DefaultSchema
from rest_framework.settings import api_settings


class SessionSerializer(serializers.Serializer):
    """A session or a token."""

    id = serializers.UUIDField()
    current = serializers.BooleanField()
    created_at = serializers.DateTimeField(allow_null=True)
    last_seen_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    ip_address = serializers.CharField(allow_null=True)
    device = serializers.CharField()
    kind = serializers.CharField()


class SessionsSerializer(serializers.Serializer):
    """One page of sessions and tokens."""

    sessions = SessionSerializer(many=True)


class EndedSerializer(serializers.Serializer):
    """The result of an ending."""

    logged_out = serializers.BooleanField()
    complete = serializers.BooleanField()
    reason = serializers.CharField()
    ended = serializers.DictField(child=serializers.IntegerField())
    failed = serializers.ListField(child=serializers.CharField())
    exempt = serializers.DictField(child=serializers.IntegerField(), required=False)
    redirect_to = serializers.CharField()


class RestFrameworkMixin:
    """Mixin in front of REST framework's ``AutoSchema``, for views that have no request body and
    create nothing."""

    view: Any

    def get_request_body(self, path: str, method: str) -> dict[str, Any]:
        """Return no body."""
        return {}

    def get_responses(self, path: str, method: str) -> dict[str, Any]:
        """Return the response with status 200, for POST too."""
        framework: Any = super()
        (response,) = framework.get_responses(path, method).values()
        return {"200": response}

    def get_operation_id(self, path: str, method: str) -> str:
        """Return an id made from the view's name, because the framework's would not be unique."""
        return operation_id(self.view)


class SpectacularMixin:
    """The same in front of drf-spectacular's ``AutoSchema``."""

    view: Any

    def get_request_serializer(self) -> None:
        """Return no body."""

    def get_response_serializers(self) -> Any:
        """Return the serializer of the response with status 200."""
        return {200: self.view.serializer_class}

    def get_operation_id(self) -> str:
        """Return an id made from the view's name."""
        return operation_id(self.view)


class YasgMixin:
    """The same in front of drf-yasg's ``SwaggerAutoSchema``."""

    view: Any

    def get_request_serializer(self) -> None:
        """Return no body."""

    def get_response_serializers(self) -> dict[str, Any]:
        """Return the serializer of the response with status 200."""
        return {"200": self.view.serializer_class()}

    def get_operation_id(self, operation_keys: Any = None) -> str:
        """Return an id made from the view's name."""
        return operation_id(self.view)


#: How to describe our views to the schema class of a project, by the module of one of its bases.
MIXINS: dict[str, type] = {
    "rest_framework.schemas.openapi": RestFrameworkMixin,
    "drf_spectacular.openapi": SpectacularMixin,
    "drf_yasg.inspectors.view": YasgMixin,
}


def operation_id(view: Any) -> str:
    """Return the id of a view's operation."""
    return f"logout{type(view).__name__.removesuffix('View')}"


@cache
def describing(schema_class: Any) -> Any:
    """Return a subclass of a schema class that describes our views.

    A generator accepts its own classes only. One that is unknown here gets its own class, and
    describes our views as it describes others.
    """
    found = (MIXINS[base.__module__] for base in schema_class.__mro__ if base.__module__ in MIXINS)
    mixins = tuple(found)[:1]
    return type(schema_class.__name__, (*mixins, schema_class), {}) if mixins else schema_class


class LogoutSchema(DefaultSchema):
    """The ``schema`` of a view, made from the class that the project's views have."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        found = super().__get__(instance, owner)
        schema_class: Any = type(found)
        if schema_class is api_settings.DEFAULT_SCHEMA_CLASS:
            found.__class__ = describing(schema_class)
        return found


class SwaggerSchema:
    """The ``swagger_schema`` of a view, which drf-yasg alone reads."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        try:
            settings = import_string("drf_yasg.app_settings.swagger_settings")
        except ImportError as error:
            raise AttributeError("drf_yasg is not installed.") from error
        return describing(settings.DEFAULT_AUTO_SCHEMA_CLASS)

"""The bodies of the responses, for REST framework's OpenAPI schema."""

from typing import Any

from rest_framework import serializers
from rest_framework.schemas.openapi import AutoSchema


class SessionSerializer(serializers.Serializer):
    """A session or a token."""

    id = serializers.UUIDField()
    current = serializers.BooleanField()
    created_at = serializers.DateTimeField(allow_null=True)
    last_seen_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    ip_address = serializers.IPAddressField(allow_null=True)
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


class LogoutSchema(AutoSchema):
    """The schema of views that have no request body and create nothing."""

    def get_request_body(self, path: str, method: str) -> dict[str, Any]:
        """Return no body."""
        return {}

    def get_responses(self, path: str, method: str) -> dict[str, Any]:
        """Return the response with status 200, for POST too."""
        (response,) = super().get_responses(path, method).values()
        return {"200": response}

    def get_operation_id(self, path: str, method: str) -> str:
        """Return an id made from the view's name, because the framework's would not be unique."""
        name = self.view.__class__.__name__.removesuffix("View")
        return f"logout{name}"

"""The shapes of the answers, for the schema that REST framework makes of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.schemas.openapi import AutoSchema


class SessionSerializer(serializers.Serializer):
    """A session, or a token."""

    id = serializers.UUIDField()
    current = serializers.BooleanField()
    created_at = serializers.DateTimeField(allow_null=True)
    last_seen_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    ip_address = serializers.IPAddressField(allow_null=True)
    device = serializers.CharField()
    kind = serializers.CharField()


class SessionsSerializer(serializers.Serializer):
    """A page of them."""

    sessions = SessionSerializer(many=True)


class EndedSerializer(serializers.Serializer):
    """What has ended."""

    logged_out = serializers.BooleanField()
    complete = serializers.BooleanField()
    reason = serializers.CharField()
    ended = serializers.DictField(child=serializers.IntegerField())
    failed = serializers.ListField(child=serializers.CharField())
    spared = serializers.DictField(child=serializers.IntegerField(), required=False)
    redirect_to = serializers.CharField()


class LogoutSchema(AutoSchema):
    """Nothing is sent but the request itself, and nothing is made."""

    def get_request_body(self, path: str, method: str) -> dict[str, Any]:
        """None."""
        return {}

    def get_responses(self, path: str, method: str) -> dict[str, Any]:
        """200 for POST too."""
        (said,) = super().get_responses(path, method).values()
        return {"200": said}

    def get_operation_id(self, path: str, method: str) -> str:
        """After the view: the framework's would be the same for some."""
        name = self.view.__class__.__name__.removesuffix("View")
        return f"logout{name}"

"""Helpers that know nothing of sessions."""

"""Adapters for Django REST framework."""

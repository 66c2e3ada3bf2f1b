"""For Django REST framework."""

"""The views, one kind a file; :mod:`django_logout.views` names them."""

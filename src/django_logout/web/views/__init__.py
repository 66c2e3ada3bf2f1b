"""The views, one kind in each file. :mod:`django_logout.views` exports them."""

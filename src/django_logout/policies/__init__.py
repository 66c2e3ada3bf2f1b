"""Decide what logins and changes of an account end."""

"""The verbs of ``manage.py logout`` that this app adds."""

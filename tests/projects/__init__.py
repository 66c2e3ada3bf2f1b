"""Projects that use other apps beside this one. Each folder has settings, URLs and tests, and runs by itself:

``pytest --ds=tests.projects.jwt.settings tests/projects/jwt``
"""

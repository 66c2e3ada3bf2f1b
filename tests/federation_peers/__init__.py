"""Providers that others have made, started by the tests, and a site that logs in at them in three ways.

``pytest --ds=tests.federation_peers.settings tests/federation_peers``, or ``make test-federation``
"""

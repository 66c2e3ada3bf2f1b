"""Browsers by the few things that each of them can be told, whatever drives it.

Playwright drives Chromium and Firefox, WebDriver drives WebKit. What a test needs beyond that, the
page does, or the site: see ``tests.e2e.conduct``.
"""

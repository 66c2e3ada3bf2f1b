"""Measure what logging out costs, beside other packages: ``make bench``."""

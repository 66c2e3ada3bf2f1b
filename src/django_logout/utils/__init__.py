"""What knows nothing of sessions: the current request, late imports, redirects, CSP."""

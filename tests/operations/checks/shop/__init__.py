"""An app with credentials of its own, and with much that looks like some."""

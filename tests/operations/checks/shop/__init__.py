"""An app with credentials of its own, and with models that only resemble credentials."""

"""One kind of credential a file. Only ``core`` calls revokers, and no revoker knows another."""

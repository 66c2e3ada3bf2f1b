"""Every response that says something about logging out: one kind a file."""

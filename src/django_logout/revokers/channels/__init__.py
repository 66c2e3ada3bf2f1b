"""Notify open sockets and streams of endings through Django Channels."""

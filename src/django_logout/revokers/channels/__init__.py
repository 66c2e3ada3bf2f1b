"""Open sockets and streams, told of an ending by Django Channels."""

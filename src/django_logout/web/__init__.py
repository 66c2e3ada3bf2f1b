"""What is done around a view: before it, after it, and in its place."""

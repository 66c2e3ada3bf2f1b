"""What happens around a view: before it, after it, and in its place."""

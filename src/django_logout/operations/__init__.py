"""What operators do, by commands and checks."""

"""The responses that the package gives by itself: one kind of response in each file."""

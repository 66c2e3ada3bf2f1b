"""What the folders share that run other people's own tests with django_logout installed."""

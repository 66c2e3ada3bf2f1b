"""What is given to the tests of others."""

"""What logins and changes of an account end."""

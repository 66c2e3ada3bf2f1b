"""Mails to users, and what their links do."""

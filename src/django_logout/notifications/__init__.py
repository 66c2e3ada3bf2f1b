"""Send mails to users, and serve the links in them."""

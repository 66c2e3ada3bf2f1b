"""Which sessions there are, and what is known of each."""

"""What logging out costs, measured beside what others ask for it: ``make bench``."""

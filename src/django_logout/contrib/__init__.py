"""For projects that use a library of others: each imports what it is named after."""

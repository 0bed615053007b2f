"""Two results or studies against each other."""

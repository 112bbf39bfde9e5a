"""Which posts there are, and which of them are due."""

"""One run: what is read from which profile, written with its state, and how it ended."""

"""The dbt package: what it builds in years of history, incrementally and in full, and that others can install it."""

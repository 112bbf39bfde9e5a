"""What `make demo` runs: a sandbox account, a real PostgreSQL, Meltano between them, and questions in SQL."""

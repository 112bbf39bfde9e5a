"""The code behind `make demo`: a sandbox account, a real PostgreSQL, Meltano in between, and sample SQL queries."""

"""What is known of the Ayrshare API: its endpoints, codes, bodies and the contract in `schemas/`."""

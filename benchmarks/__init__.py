"""Compare this tap's speed, quota use, CPU and memory with alternatives, on one sandbox in one run."""

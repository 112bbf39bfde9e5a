"""Speed, quota, CPU and memory of this tap beside what people use instead, on one sandbox in one run."""

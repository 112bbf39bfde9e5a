"""A stand-in for BigQuery that z3-target-bigquery really loads into: bqemulator, in an environment of its own.

Not shown by it: roles, quotas, the storage write API, BigQuery's own types and limits, what a load costs.
"""

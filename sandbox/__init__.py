"""A local stand-in for the Ayrshare API: what the demo, the tests and the benchmarks run against.

    python -m sandbox --port 0

It is made from the public facts about the API, not from recordings: field names and nesting are those of
documented examples, values are made up.
"""

"""Singer: catalog and state in, SCHEMA, RECORD and STATE messages out."""

"""Reaches into the loader's process, where it has no setting: the host of Snowflake, and the age of a state.

FAKESNOW_PORT: a port of this machine, where the connector finds Snowflake. TEST_RECORD_AGE: the minutes after which
the target loads what it has and lets out its state.
"""

import os

if "FAKESNOW_PORT" in os.environ:
    try:
        from snowflake.connector.connection import SnowflakeConnection
    except ImportError:
        pass
    else:
        connect = SnowflakeConnection.connect

        def to_this_machine(self, **settings):
            here = {"host": "127.0.0.1", "port": int(os.environ["FAKESNOW_PORT"]), "protocol": "http"}
            return connect(self, **{**settings, **here})

        SnowflakeConnection.connect = to_this_machine

if "TEST_RECORD_AGE" in os.environ:
    from singer_sdk.target_base import Target

    Target._MAX_RECORD_AGE_IN_MINUTES = float(os.environ["TEST_RECORD_AGE"])

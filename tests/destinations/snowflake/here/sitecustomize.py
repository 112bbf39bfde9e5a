"""Sends the Snowflake connector to a server on this machine: the released target has no setting for the host."""

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

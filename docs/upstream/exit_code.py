"""A sync that is ended by a signal exits with 0, as if it were complete."""

import signal

from singer_sdk import Stream, Tap


class Endless(Stream):
    """A stream that is terminated after its first record."""

    name = "endless"
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}

    def get_records(self, context):
        """Yield records for ever."""
        yield {"id": 1}
        signal.raise_signal(signal.SIGTERM)
        while True:
            yield {"id": 2}


class TapExample(Tap):
    """A tap with that stream."""

    name = "tap-example"
    config_jsonschema = {"properties": {}}

    def discover_streams(self):
        """Return the stream."""
        return [Endless(tap=self)]


TapExample.cli([])

"""A stream map of `*` is applied to a deselected stream too, which has no columns, and ends the sync."""

from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from singer_sdk.exceptions import StreamMapConfigError


class ExampleStream(Stream):
    """A stream with a key."""

    schema = th.PropertiesList(th.Property("id", th.IntegerType), th.Property("text", th.StringType)).to_dict()
    primary_keys = ("id",)

    def get_records(self, context):
        """Return one record."""
        yield {"id": 1, "text": self.name}


class DeselectedStream(ExampleStream):
    """The same, deselected by default."""

    selected_by_default = False


class TapExample(Tap):
    """A tap with two streams."""

    name = "tap-example"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        """Return both."""
        return [ExampleStream(self, name="selected"), DeselectedStream(self, name="deselected")]


def sync(maps):
    """Sync with stream maps; print what comes of it."""
    try:
        TapExample(config={"stream_maps": maps}).sync_all()
    except StreamMapConfigError as error:
        print(maps, "StreamMapConfigError:", error)
    else:
        print(maps, "synced")


sync({"*": {"source": "'example'"}})
sync({"deselected": {"text": None}})

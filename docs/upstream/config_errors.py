"""An invalid config prints the value of a secret setting."""

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError


class TapExample(Tap):
    """A tap with a secret setting that takes 32 characters or more, and one within an object."""

    name = "tap-example"
    config_jsonschema = th.PropertiesList(
        th.Property("api_key", th.StringType(min_length=32), secret=True),
        th.Property("auth", th.ObjectType(th.Property("password", th.StringType, secret=True))),
    ).to_dict()

    def discover_streams(self):
        """Return no streams."""
        return []


try:
    TapExample(config={"api_key": "sk-live-0001", "auth": [{"password": "hunter2"}]})
except ConfigValidationError as error:
    print("\n".join(error.errors))

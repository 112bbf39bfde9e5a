"""With `--config ENV`, a number stays text, and a text where an integer is expected is a traceback."""

import os

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError


class TapExample(Tap):
    """A tap with a number and an integer among its settings."""

    name = "tap-example"
    config_jsonschema = th.PropertiesList(
        th.Property("share", th.NumberType), th.Property("port", th.IntegerType)
    ).to_dict()

    def discover_streams(self):
        """Return no streams."""
        return []


for name, value in (("SHARE", "0.5"), ("PORT", "none")):
    os.environ[f"TAP_EXAMPLE_{name}"] = value
    try:
        print(name, dict(TapExample(parse_env_config=True).config))
    except ConfigValidationError as error:
        print(name, error.errors)
    except ValueError as error:
        print(name, "ValueError:", error)
    del os.environ[f"TAP_EXAMPLE_{name}"]

"""What `--about` says where no format is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from singer_sdk.about import TextFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk.about import AboutInfo


def described(info: AboutInfo) -> str:
    """Return the SDK's text about a tap, with what each setting does, which it leaves out."""
    head = TextFormatter().format_about(info).partition("\nSettings:\n")[0]
    required = info.settings.get("required", ())
    settings = (
        line
        for name, schema in info.settings["properties"].items()
        for line in _setting(name, schema, f"{info.env_var_prefix}{name.upper()}", is_required=name in required)
    )
    return "\n".join([head, "Settings:", *settings])


def _setting(name: str, schema: Mapping[str, Any], variable: str, *, is_required: bool) -> Iterator[str]:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    notes = [kind for kind in kinds if kind != "null"]
    notes += ["required"] if is_required else []
    notes += ["secret"] if schema.get("secret") else []
    if schema.get("default") is not None:
        notes.append(f"default {json.dumps(schema['default'])}")
    yield f"  - {name} ({', '.join(notes)})"
    yield f"    {schema.get('description', '')}"
    yield f"    Environment variable: {variable}"

"""Streams that a setting must name before they are read: those with personal data, and those that need an add-on.

A catalog isn't enough, because orchestrators select everything unless told otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.config.settings import OPT_INS
from tap_ayrshare.engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_ayrshare.config.settings import Settings

WHAT = {"personal_data_streams": "personal data", "add_on_streams": "needs the Ads add-on"}


def may_read(stream: str, settings: Settings) -> bool:
    """Return whether a stream is read if it is selected."""
    return stream_contract(stream).opt_in is None or stream in settings.opted_in


def readable(selected: Collection[str], settings: Settings) -> frozenset[str]:
    """Return the selected streams that are read.

    Raises:
        SettingsError: there are none.
    """
    found = frozenset(stream for stream in selected if may_read(stream, settings))
    if found:
        return found
    why = withheld(selected, settings) or "no stream is selected; select streams in the catalog"
    raise SettingsError(f"nothing to read: {why}")


def withheld(selected: Collection[str], settings: Settings) -> str:
    """Return which selected streams aren't read and which setting reads them, "" if all are read."""
    parts = []
    for setting, streams in OPT_INS.items():
        if kept := [stream for stream in streams if stream in selected and not may_read(stream, settings)]:
            parts.append(f"{', '.join(kept)} ({WHAT[setting]}: list in {setting} what to read)")
    return f"selected, but not read: {'; '.join(parts)}" if parts else ""

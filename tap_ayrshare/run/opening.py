"""The first lines of a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_ayrshare.ayrshare.contract import tap_version
from tap_ayrshare.config.settings import PRIMARY
from tap_ayrshare.run.extraction import OF_A_PROFILE
from tap_ayrshare.run.words import profile_count

if TYPE_CHECKING:
    from tap_ayrshare.run.extraction import Extraction
    from tap_ayrshare.run.state import State

logger = logging.getLogger(__name__)

NAMED_AT_MOST = 20


def log_opening(extraction: Extraction, state: State, withheld: str) -> None:
    """Log what a run will read, and from where on; withheld: what is selected and isn't read."""
    settings, selected = extraction.settings, extraction.snapshot.selected
    labels = [source.label for source in extraction.readers]
    shown = ", ".join(labels[:NAMED_AT_MOST]) + (", ..." if len(labels) > NAMED_AT_MOST else "")
    bookmarks = ", ".join(state.streams()) or "none"
    logger.info("tap-ayrshare %s, snapshot of %s (UTC)", tap_version(), extraction.snapshot.date)
    logger.info("%s: %s", profile_count(len(labels)), shown)
    logger.info("streams: %s; bookmarks found: %s", ", ".join(sorted(selected)), bookmarks)
    if withheld:
        logger.info("%s", withheld)
    if unselected := settings.opted_in - frozenset(selected):
        logger.info("in the settings, but not selected: %s", ", ".join(sorted(unselected)))
    if settings.primary_left_out and state.knows(PRIMARY, OF_A_PROFILE):
        logger.warning(
            "the state contains the primary profile, but it is no longer read; "
            "set include_primary_profile: true to read it"
        )
    elif settings.primary_left_out:
        logger.info("the primary profile is skipped; set include_primary_profile: true to read it too")

"""Less work for Python's garbage collector."""

from __future__ import annotations

import gc

ALLOCATIONS = 50_000


def collect_less() -> None:
    """Leave what start-up has made alone from now on, and look for circles among the rest less often.

    Looking through all modules each time held up a run of 1,000 profiles by a second. A second call does nothing: it
    would keep what an earlier run in this process has left.
    """
    if gc.get_freeze_count():
        return
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])

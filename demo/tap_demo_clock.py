"""Sets the clock of one process to TAP_DEMO_NOW and lets it run on from there.

The demo puts this file in its own environment for the tap, where a `.pth` file imports it on every start.
Unlike PYTHONPATH, this also reaches processes that Meltano starts, and it doesn't shadow another sitecustomize.
"""

import os

if "TAP_DEMO_NOW" in os.environ:
    import time_machine

    time_machine.travel(os.environ["TAP_DEMO_NOW"], tick=True).start()

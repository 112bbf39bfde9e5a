"""Moves the clock of one process to TAP_DEMO_NOW, and lets it run on from there.

The demo puts this file into its own environment of the tap, where a `.pth` file imports it at every start.
That reaches a process that Meltano starts, as PYTHONPATH does not, and shadows no other sitecustomize.
"""

import os

if "TAP_DEMO_NOW" in os.environ:
    import time_machine

    time_machine.travel(os.environ["TAP_DEMO_NOW"], tick=True).start()

"""Moves the calendar clock of a process to TEST_NOW; monotonic time and sleeping stay as they are."""

import os

if os.environ.get("TEST_NOW"):
    import time_machine

    time_machine.travel(os.environ["TEST_NOW"], tick=True).start()

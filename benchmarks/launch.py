"""Runs a command and reports its resource use: `launch.py <output file> <time limit> <command ...>`.

This is a separate process between the benchmark and the command because the kernel counts the parent's memory toward
a child's peak. The benchmark keeps large logs in memory; this process keeps almost nothing.
"""

import json
import os
import subprocess
import sys
import time


def main(out: str, limit: str, *command: str) -> None:
    """Run the command; print wall-clock seconds, CPU seconds, peak memory and exit code as JSON."""
    with open(out, "wb") as file:  # noqa: PTH123 - pathlib would be memory
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
        pid = 0
        while not pid:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if time.monotonic() - began > float(limit):
                process.kill()
            time.sleep(0.02)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    seconds, cpu = time.monotonic() - began, usage.ru_utime + usage.ru_stime
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": usage.ru_maxrss / 1024, "exit_code": code}))


main(*sys.argv[1:])

"""Runs a command and says what it cost: `launch.py <file for its output> <time limit> <command ...>`.

A process of its own between the benchmark and the command, since the kernel counts the memory of whoever starts a
process into that process's peak: the benchmark has large logs in memory, this one has next to nothing.
"""

import json
import os
import subprocess
import sys
import time


def main(out: str, limit: str, *command: str) -> None:
    """Run the command; print seconds, CPU seconds, peak memory and exit code as JSON."""
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

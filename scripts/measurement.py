"""What the benchmarks share: one command with its figures, and the machine that they are of."""

import os
import shlex
import subprocess
import sys
import tempfile
import time
import typing


class Figures(typing.NamedTuple):
    """Wall and CPU seconds of a command, the latter with what it waited for; its peak in KiB."""

    wall: float
    cpu: float
    peak: int


def timed(*words):
    """A command for `run` to measure, which may stand in a pipe."""
    return '/usr/bin/time -o "$REPORT" -f "%U %S %M" ' + shlex.join(words)


def run(command, output=None, statuses=(0, 1)):
    """Runs a shell command that holds one `timed` command, after removing what it will make."""
    if output and os.path.exists(output):
        os.unlink(output)
        os.sync()
    with tempfile.NamedTemporaryFile("r") as report:
        start = time.monotonic()
        done = subprocess.run(
            ["sh", "-c", command], env={**os.environ, "REPORT": report.name},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wall = time.monotonic() - start
        if done.returncode not in statuses:
            name = os.path.basename(sys.argv[0])
            sys.exit(f"{name}: {command}: status {done.returncode}: {done.stderr.decode()}")
        user, system, peak = map(float, report.read().split()[-3:])
    return Figures(wall, user + system, int(peak))


def machine():
    """The processor and the kernel, in words."""
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{len(os.sched_getaffinity(0))} cores of {model}, Linux {os.uname().release}"

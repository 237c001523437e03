# SPDX-License-Identifier: BSD-2-Clause
"""scale.py SMALT: what planning costs on the host when a list is long, and how it grows when the list doubles.

The processor's time for `smalt plan`, the best of three. Exits 1 if a plan takes a second, or if twice as
much costs three times as much: n log n is 2.2 at most here, n squared is 4.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import inputs

LIMIT_SECONDS = 1.0
LIMIT_GROWTH = 3.0


def seconds(words):
    """Of the processor; what it printed goes nowhere."""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"scale.py: {words}: {error.decode()}")
    return usage.ru_utime + usage.ru_stime


def measure(smalt, kind, count):
    with tempfile.TemporaryDirectory() as folder:
        words = [str(word) for word in (smalt, "plan", *kind(pathlib.Path(folder), count).words)]
        return min(seconds(words) for _ in range(3))


def table(smalt):
    """Prints a line for each kind and size; returns how many are over a limit."""
    over = 0
    for kind, sizes in inputs.SIZES:
        before = None
        for count in sizes:
            cost = measure(smalt, kind, count)
            growth = cost / before if before else 0
            slow = cost >= LIMIT_SECONDS or growth >= LIMIT_GROWTH
            grown = f"  {growth:.2f} times the time of half of it" if before else ""
            print(f"host     {count:6} {kind.__name__:8} {cost:6.3f} s{grown}{'  OVER' if slow else ''}", flush=True)
            over += slow
            before = cost
    return over


if __name__ == "__main__":
    sys.exit(1 if table(pathlib.Path(sys.argv[1]).resolve()) else 0)

# SPDX-License-Identifier: BSD-2-Clause
"""What is long is planned, and right: 65,535 program headers, 100,000 memory ranges, 10,000 modules.

How long that takes is the bench's business (tests/bench/scale.py).
"""
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "bench"))
import inputs  # noqa: E402  (tests/bench has the generators)

ROW = re.compile(r"^ *(0x[0-9a-f]+) +0x[0-9a-f]+ +[r-][w-][x-] ", re.M)
OWN = 0xffffffff80000000  # Smalt's rows; the kernels are linked below, and the modules follow them


def plan(smalt, given):
    done = subprocess.run([str(word) for word in (smalt, "plan", *given.words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("kind, sizes", inputs.SIZES, ids=lambda value: getattr(value, "__name__", ""))
def test_long_lists_are_planned_whole(smalt, tmp_path, kind, sizes):
    """Rules: M3, M6, M13, M19"""
    given = kind(tmp_path, sizes[-1])
    text = plan(smalt, given)
    vas = [va for va in (int(va, 16) for va in ROW.findall(text)) if va < OWN]
    assert len(vas) == given.rows
    assert vas == sorted(set(vas))
    assert not set(given.vas) - set(vas)
    leaves = f"{given.small} x 4K" + (f" + {given.large} x 2M" if given.large else "")
    assert f"\nleaves      {leaves}  (" in text

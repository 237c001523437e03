# SPDX-License-Identifier: BSD-2-Clause
"""examples/coloralloc: a kernel's allocator that goes on from the handoff's record of colors."""
import re

import guest
import pytest

EXAMPLE = guest.TOP / "examples" / "coloralloc"
TAKEN = 1000                 # frames that the kernel takes


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder where the example was built for a machine, by its own Makefile."""
    def build(machine):
        work = tmp_path_factory.mktemp(machine)
        guest.tool(["cp", "-r", f"{EXAMPLE}/.", work])
        guest.tool(["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "-C", work, f"ARCH={machine}",
                    f"SMALT={guest.BUILD}/smalt", f"HEADERS=-I{guest.TOP}/include"])
        return work
    return build


def counts_of(result):
    """(used before, taken, free) for each color, as the kernel prints them."""
    result.expect(0, r"^color +used +\+ +free$")
    rows = [tuple(map(int, row)) for row in re.findall(r"^ *(\d+) +(\d+) +(\d+) +(\d+)$", result.output, re.M)]
    assert [row[0] for row in rows] == list(range(len(rows)))
    return [row[1:] for row in rows]


@guest.ALL
def test_single_frames_come_from_the_least_used_colors(platform, built):
    """Rules: C4, C5"""
    counts = counts_of(guest.boot(platform, (built(platform.machine) / "coloralloc.cpio").read_bytes()))
    assert len(counts) in (8, 32)
    assert sum(taken for _, taken, _ in counts) == TAKEN
    after = [used + taken for used, taken, _ in counts]
    filled = [used + taken for used, taken, _ in counts if taken]
    assert max(filled) - min(filled) <= 1, "as even as what was in use allows"
    assert all(n >= max(filled) - 1 for n in after), "no color was passed over"


@guest.ALL
def test_under_partition_they_are_of_the_colors_left_to_the_kernel(platform, built):
    """Rules: C3, C4, C5"""
    elf = built(platform.machine) / "coloralloc.elf"
    conf = "color partition\ncolors.kernel 0-2\ncolors.tables 3\ncolors.free 4,6-7"
    counts = counts_of(guest.boot(platform, guest.kernel_archive(elf, conf=conf)))
    assert [color for color, (_, taken, _) in enumerate(counts) if taken] == [4, 6, 7]
    assert sum(taken for _, taken, _ in counts) == TAKEN


@guest.EACH_MACHINE
def test_without_colors_it_takes_what_is_free(platform, built):
    """Rules: C2"""
    elf = built(platform.machine) / "coloralloc.elf"
    guest.boot(platform, guest.kernel_archive(elf, conf="color off")).expect(0, r"\Ano colors\n\Z")

# SPDX-License-Identifier: BSD-2-Clause
"""Bad input in a real boot: one file of every status says so in one line on the console, and ends the machine."""
import struct

import guest
import pytest

MACHINE = {"x86_64": 62, "aarch64": 183}
FILES = sorted((guest.BUILD / "data").glob("*/*.*"))
STATUSES = sorted({path.parent.name for path in FILES} - {"OK"})


def is_for(path, machine):
    """An ELF file by its e_machine; an archive by the kernel in it; what has none of both is for all."""
    head = path.read_bytes()[:20]
    if path.suffix == ".cpio":
        kernel = path.read_bytes().find(b"\x7fELF")
        return kernel < 0 or path.read_bytes()[kernel + 18] == MACHINE[machine]
    foreign = path.parent.name in ("WRONG_MACHINE", "WRONG_CLASS")
    return foreign or len(head) < 20 or struct.unpack_from("<H", head, 18)[0] == MACHINE[machine]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", ["q35", "virt"])
def test_a_bad_file_is_refused_in_one_line_and_the_machine_ends(name, status):
    """Rules: M19, M20"""
    platform = guest.PLATFORMS[name]
    files = [path for path in FILES if path.parent.name == status and is_for(path, platform.machine)]
    for path in files[:2]:
        result = guest.boot(platform, path.read_bytes()).expect(125, rf"^smalt: .*{status}, ")
        assert len(result.output.strip().splitlines()) == 1, result.output

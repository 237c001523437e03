# SPDX-License-Identifier: BSD-2-Clause
"""What lies in the loaders' files: what emulators look for in them, and what their parts may hold."""
import re
import struct
import subprocess

import pytest
from conftest import BUILD

REPORTER = ("arch/{}/fault.S.o", "arch/{}/fault.c.o", "boot/reporter.c.o")
EFI = {"x86_64": "BOOTX64.EFI", "aarch64": "BOOTAA64.EFI"}


def lines(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture
def elf(machine):
    return BUILD / machine / "smalt.elf"


def segments(elf):
    """(type, rights, file offset, address) of every program header."""
    rows = [line.split() for line in lines("readelf", "-lW", elf)]
    return [(row[0], "".join(row[6:-1]), int(row[1], 16), int(row[2], 16))
            for row in rows if len(row) > 7 and row[1].startswith("0x")]


def test_no_segment_of_a_loader_is_writable_and_executable(elf):
    """Rules: M12"""
    rights = [right for kind, right, _, _ in segments(elf) if kind == "LOAD"]
    assert set(rights) == {"R", "RE", "RW"}


def test_a_loader_needs_only_relative_relocations(elf, machine):
    """Rules: H1; .relr.dyn holds no others."""
    heads = [line.split("'")[1] for line in lines("readelf", "-rW", elf) if line.startswith("Relocation section")]
    assert heads == [".relr.dyn"]


def test_the_reporter_calls_nothing_outside_itself(machine):
    """Rules: H1"""
    objects = [BUILD / machine / name.format(machine) for name in REPORTER]
    if not objects[0].exists():
        objects.pop(0)
    defined, wanted = set(), set()
    for line in lines("llvm-nm", "-A", *objects):
        kind, name = line.split()[-2:]
        (wanted if kind == "U" else defined).add(name)
    assert wanted - defined == set()


def test_the_parts_that_stay_hold_no_address(elf):
    """Rules: H1"""
    symbols = {row[2]: int(row[0], 16) for row in map(str.split, lines("llvm-nm", elf)) if len(row) == 3}
    places = [int(line.split()[0], 16) for line in lines("readelf", "-rW", elf) if re.match(r"[0-9a-f]{16}", line)]
    inside = [place for place in places if symbols["jump_start"] <= place < symbols["reporter_data_end"]]
    assert inside == []


def test_emulators_take_the_loader_for_pvh_and_nothing_else():
    """Rules: M21"""
    elf = BUILD / "x86_64" / "smalt.elf"
    head = elf.read_bytes()[:8192]
    words = [head[at:at + 4] for at in range(0, len(head), 4)]
    assert bytes.fromhex("02b0ad1b") not in words        # Multiboot 0.6.96, 3.1.1: magic, aligned to 4
    assert head[0x202:0x206] != b"HdrS"                  # Linux Documentation/x86/boot.rst
    note = next(at for kind, _, at, _ in segments(elf) if kind == "NOTE")
    entry = int(re.search(r"Entry point address:\s*(0x[0-9a-f]+)", "\n".join(lines("readelf", "-hW", elf)))[1], 16)
    assert head[note:note + 16] == bytes.fromhex("04000000 04000000 12000000") + b"Xen\0"
    assert int.from_bytes(head[note + 16:note + 20], "little") == entry


def test_an_efi_image_has_no_padding_of_pages_and_room_for_more_headers(machine):
    """People append sections by objcopy (docs/uefi.md)."""
    image = (BUILD / machine / EFI[machine]).read_bytes()
    coff = int.from_bytes(image[0x3c:0x40], "little") + 4           # PE/COFF specification, 3.3, 3.4, 4
    count, optional = struct.unpack_from("<2xH12xH", image, coff)
    unit, headers = struct.unpack_from("<I20xI", image, coff + 20 + 36)
    table = coff + 20 + optional
    raw = [struct.unpack_from("<16xII", image, table + 40 * i) for i in range(count)]
    assert unit == 512 and headers - (table + 40 * count) >= 4 * 40
    assert [at for size, at in raw if size] == [headers + sum(size for size, _ in raw[:i])
                                                for i, (size, _) in enumerate(raw) if size]
    assert headers + sum(size for size, _ in raw) == len(image)

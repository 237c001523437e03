# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's own MMU agrees with the table: it walks the page tables with code of nobody here."""
import re

import guest
import monitor
import pytest

pytestmark = guest.ALL

SHOWN = range(1, 9)      # memory types that the direct map holds: usable ... acpi-nvs


def extents_of(result):
    return list(zip(*(result.lines(name) for name in ("extent", "pa", "bytes", "prot"))))


def wait(platform):
    modules = {"small": b"x" * 100, "large": b"z" * (3 << 20)}
    return monitor.waiting(platform, guest.kernel_archive(guest.build("wait", platform.machine), modules))


def as_result(waiting):
    return guest.Result(None, waiting.output, 0, "")


def test_qemu_finds_every_row_where_the_table_says(platform):
    """Rules: H2, P7"""
    with wait(platform) as waiting:
        extents = extents_of(as_result(waiting))
        assert len(extents) > 8
        ends = {va + size for va, _, size, _ in extents}
        for va, pa, size, _ in extents:
            for offset in {0, size // 2 & ~0xfff, size - 1}:
                assert waiting.physical(va + offset) == pa + offset, hex(va + offset)
        for end in ends - {va for va, *_ in extents}:
            assert waiting.physical(end) is None, f"{end:#x} is mapped behind an extent"
        assert waiting.physical(0) is None


def test_qemu_finds_the_direct_map_as_far_as_the_memory_map_says(platform):
    """Rules: M14, P6"""
    with wait(platform) as waiting:
        result = as_result(waiting)
        base = result.line("direct map")
        memory = list(zip(*(result.lines(name) for name in ("memory", "size", "type"))))
        for pa, size, kind in memory:
            for address in pa, pa + (size // 2 & ~0xfff), pa + size - 0x1000:
                expected = address if kind in SHOWN else None
                assert waiting.physical(base + address) == expected, hex(address)


@guest.EACH_MACHINE
def test_qemu_finds_nothing_at_addresses_between(platform):
    """Rules: M14"""
    with wait(platform) as waiting:
        result = as_result(waiting)
        rows = extents_of(result)
        base, top = result.line("direct map"), max(pa + size for pa, size in
                                                   zip(result.lines("memory"), result.lines("size")))
        for bit in range(12, 48):
            for va in 1 << bit, (1 << 64) - (1 << bit), base + (1 << bit):
                mapped = any(start <= va < start + size for start, _, size, _ in rows)
                if not mapped and not base <= va < base + top:
                    assert waiting.physical(va) is None, hex(va)


def flags_of(waiting):
    """{va: flags} from info tlb: NX is X, W is W (QEMU target/i386/monitor.c, print_pte)."""
    pattern = r"^([0-9a-f]{16}): [0-9a-f]{16} (\S{9})\s*$"
    return {int(va, 16): flags for va, flags in re.findall(pattern, waiting.ask("info tlb").replace("\r", ""), re.M)}


@pytest.mark.platforms("q35", "microvm")
def test_qemu_finds_the_rights_that_the_table_says(platform):
    """Rules: M12, M18"""
    with wait(platform) as waiting:
        flags = flags_of(waiting)
        for va, _, _, prot in extents_of(as_result(waiting)):
            leaf = next(flags[va & -size] for size in (0x1000, 0x200000, 0x40000000) if va & -size in flags)
            assert ("W" in leaf) == bool(prot & 2), hex(va)
            assert ("X" in leaf) == (not prot & 1), hex(va)
            assert "U" not in leaf
        assert not any("W" in f and "X" not in f for f in flags.values())

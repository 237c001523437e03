# SPDX-License-Identifier: BSD-2-Clause
"""Memory that a devicetree keeps for somebody else."""
import fdt
import guest
import monitor
import pytest

pytestmark = pytest.mark.platforms("virt", "virt-el2")

MIB = 1 << 20
START = guest.RAM_START["aarch64"]
RESERVED = 11            # SMALT_MEM_RESERVED


def keep(platform, tmp_path, regions, reservations=()):
    """QEMU's words for a tree with these in it."""
    tree = fdt.of_machine(platform, tmp_path / "qemu.dtb")
    fdt.reserved_memory(tree, regions)
    for pa, size in reservations:
        tree.reserve(pa, size)
    (tmp_path / "edited.dtb").write_bytes(tree.blob())
    return ("-dtb", str(tmp_path / "edited.dtb"))


def types_of(result, pa):
    return [kind for start, size, kind in zip(result.lines("memory"), result.lines("bytes"), result.lines("type"))
            if start <= pa < start + size]


def test_reserved_memory_and_memreserve_are_reserved_and_nothing_is_put_there(platform, tmp_path):
    """Rules: H3"""
    regions = {"keep": (START + 96 * MIB, MIB, False), "secret": (START + 80 * MIB, 3 * 4096, True)}
    extra = keep(platform, tmp_path, regions, [(START + 100 * MIB + 0x800, 0x1000)])
    result = guest.boot_guest(platform, "memory", extra=extra).success()
    for pa in START + 96 * MIB, START + 97 * MIB - 4096, START + 80 * MIB, START + 80 * MIB + 8192:
        assert types_of(result, pa) == [RESERVED], hex(pa)
    for pa in START + 100 * MIB, START + 100 * MIB + 4096:       # a range of parts of two pages
        assert types_of(result, pa) == [RESERVED], hex(pa)
    for pa in START + 96 * MIB - 4096, START + 97 * MIB, START + 80 * MIB + 3 * 4096, START + 100 * MIB + 8192:
        assert types_of(result, pa) != [RESERVED], hex(pa)
    guest.boot_guest(platform, "walk", extra=extra).success()


def test_memory_that_nobody_may_map_is_not_mapped(platform, tmp_path):
    """Rules: P6"""
    secret = START + 80 * MIB
    extra = keep(platform, tmp_path, {"secret": (secret, 4 * MIB, True)})
    archive = guest.kernel_archive(guest.build("wait", platform.machine))
    with monitor.waiting(platform, archive, extra=extra) as waiting:
        base = guest.Result(None, waiting.output, 0, "").line("direct map")
        assert waiting.physical(base + secret - 4096) == secret - 4096
        assert waiting.physical(base + secret) is None
        assert waiting.physical(base + secret + 4 * MIB - 4096) is None
        assert waiting.physical(base + secret + 4 * MIB) == secret + 4 * MIB


@pytest.mark.parametrize("top", [MIB, 40 * MIB], ids=["top-1M", "top-40M"])
def test_a_reservation_where_smalt_would_put_its_own_moves_it(platform, tmp_path, top):
    """Rules: H3"""
    extra = keep(platform, tmp_path, {"top": (START + guest.RAM - top, top, False)})
    result = guest.boot_guest(platform, "memory", extra=extra).success()
    assert types_of(result, START + guest.RAM - 4096) == [RESERVED]
    guest.boot_guest(platform, "walk", extra=extra, modules={"m": b"m" * 5000}).success()


def test_a_hundred_reserved_pages_are_kept_one_by_one(platform, tmp_path):
    """Rules: H3, P2"""
    regions = {f"page{i}": (START + 96 * MIB + i * 0x2000, 0x1000, True) for i in range(100)}
    extra = keep(platform, tmp_path, regions)
    guest.boot_guest(platform, "walk", extra=extra).success()
    result = guest.boot_guest(platform, "memory", extra=extra).success()
    for pa, size, _ in regions.values():
        assert types_of(result, pa) == [RESERVED]
        assert types_of(result, pa + size) != [RESERVED]

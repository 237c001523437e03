# SPDX-License-Identifier: BSD-2-Clause
"""aarch64 with pages of 16K and 64K: the machine as a kernel finds it is the same but for them."""
import json
import subprocess

import guest
import monitor
import pytest
import table
from test_faults import FAULTS
from test_mmu import as_result, extents_of, SHOWN
from test_replay import compare

ARM = pytest.mark.platforms("virt", "virt-el2", "aavmf")
SHIFTS = {"16K": 14, "64K": 16}
EACH = pytest.mark.parametrize("pages", SHIFTS)
MODULES = {"small": b"x" * 100, "pages": b"y" * 12288, "large": b"z" * (5 << 20)}


def link_for(pages, *words):
    """RELRO ends at a multiple of the linker's common page."""
    page = 1 << SHIFTS[pages]
    return guest.Link(page=page, words=("-z", f"common-page-size={page:#x}", *words))


def boot(platform, name, pages, **how):
    append = " ".join([f"smalt.pages={pages}", *filter(None, [how.pop("append", "")])])
    return guest.boot_guest(platform, name, link_for(pages), (f"GRANULE={SHIFTS[pages]}",), append=append, **how)


ON_ONE = pytest.mark.platforms("virt")


@ARM
@EACH
@pytest.mark.parametrize("name", ["cpu_state", "own_vectors", "memory", "pointers", "interrupts_on", "no_reporter",
                                  "zero"])
def test_a_kernel_finds_the_documented_machine(platform, pages, name):
    """Rules: H1, H2, H3, H5, H8, P3"""
    boot(platform, name, pages).success()


@ARM
@EACH
def test_the_tables_map_the_rows_and_the_direct_map_and_nothing_else(platform, pages):
    """Rules: H2, M12, M18, P3, P6, P7"""
    boot(platform, "walk", pages, modules=MODULES).success()


@ON_ONE
@EACH
@pytest.mark.parametrize("ram", [1027 << 20, 64 << 30], ids=lambda ram: f"{ram >> 20}M")
def test_the_tables_and_the_memory_map_hold_much_memory(platform, pages, ram):
    """Rules: H3, P3, P6"""
    boot(platform, "walk", pages, ram=ram).success()


@ON_ONE
@EACH
def test_the_tables_hold_the_direct_map_where_it_was_asked_for(platform, pages):
    """Rules: H4, H7, P6"""
    boot(platform, "walk", pages, append="smalt.direct_map=identity", modules=MODULES).success()


@ON_ONE
@EACH
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_reported_with_its_row_and_the_missing_right(platform, pages, name):
    """Rules: H1, M12, M14, M18"""
    access, address = FAULTS[name]
    result = boot(platform, name, pages)
    result.expect(126, rf"^smalt: [^:]*: {access} 0x[0-9a-f]{{16}}, code 0x[0-9a-f]+$")
    result.expect(126, rf"^  address  {address}")


@ARM
@EACH
def test_every_free_and_reclaimable_page_may_be_overwritten(platform, pages):
    """Rules: H1, H3"""
    result = boot(platform, "take_all", pages, modules={"m": b"1"}, ram=1 << 30)
    result.expect(126, r"^  address  not mapped: page 0, a null pointer\?$")
    result.expect(126, r"^kernel.elf$\n^m$")


# bytes of the module's row: log2 of its largest leaf
NARROWED = {"16K": {10000: 14, 5 << 20: 21, 40 << 20: 25}, "64K": {10000: 16, 5 << 20: 21, 40 << 20: 21}}


@ON_ONE
@EACH
def test_a_kernel_can_unmap_a_module_and_narrow_a_row(platform, pages):
    """Rules: M22"""
    for zeros, leaf in NARROWED[pages].items():
        elf = guest.compile_and_link("module_elf", platform.machine, [guest.GUESTS / "module_elf.c"],
                                     link_for(pages, "-e", "module_entry"), (f"ZEROS={zeros}",)).read_bytes()
        result = boot(platform, "narrow", pages, modules={"gone": elf, "kept": elf}, append="row",
                      conf="module gone role=map\nmodule kept role=map", ram=512 << 20)
        result.expect(126, r"^narrowed$")
        assert result.line("leaf") == leaf
        result.expect(126, r"^  address  kept segment \d+ rw- \+0x0")


@ARM
@EACH
def test_qemu_finds_every_row_and_the_direct_map_where_the_table_says(platform, pages):
    """Rules: H2, P6, P7"""
    page = 1 << SHIFTS[pages]
    elf = guest.build("wait", platform.machine, link_for(pages))
    with monitor.waiting(platform, guest.kernel_archive(elf, MODULES), f"smalt.pages={pages}") as waiting:
        result = as_result(waiting)
        extents = extents_of(result)
        ends = {va + size for va, _, size, _ in extents}
        for va, pa, size, _ in extents:
            assert (va | pa | size) % page == 0
            for offset in {0, size // 2 & -page, size - 1}:
                assert waiting.physical(va + offset) == pa + offset, hex(va + offset)
        for end in ends - {va for va, *_ in extents}:
            assert waiting.physical(end) is None, f"{end:#x} is mapped behind an extent"
        base = result.line("direct map")
        for pa, size, kind in zip(*(result.lines(name) for name in ("memory", "size", "type"))):
            for address in pa, pa + size - page:
                assert waiting.physical(base + address) == (address if kind in SHOWN else None), hex(address)


@ARM
@EACH
def test_the_kernels_note_asks_for_pages(platform, pages):
    """Rules: H4, P3"""
    defines = ("GUEST_DIRECT_MAP=0x600000000000", f"GUEST_GRANULE={SHIFTS[pages]}")
    result = guest.boot_guest(platform, "note", link_for(pages), defines).success()
    assert result.line("granule") == SHIFTS[pages]
    assert result.line("stack") == -(-0x21001 // (1 << SHIFTS[pages])) << SHIFTS[pages]
    assert guest.boot_guest(platform, "note", link_for(pages), defines, conf="pages 4K").success().line("granule") == 12


# What ID_AA64MMFR0_EL1 of QEMU's models says: TGran16 is 0 on the first three.
CPUS = {"16K": ["cortex-a76", "neoverse-n1"], "64K": ["cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1"]}


@ON_ONE
@EACH
def test_the_state_is_the_same_on_other_cpus(platform, pages):
    """Rules: H5, P3"""
    for cpu in CPUS[pages]:
        boot(platform, "cpu_state", pages, cpu=cpu).success()


@pytest.mark.platforms("virt", "aavmf")
def test_a_cpu_without_such_pages_is_refused_in_one_line(platform):
    """Rules: M15, M20, P3"""
    for cpu in "cortex-a53", "cortex-a72":
        result = boot(platform, "memory", "16K", cpu=cpu)
        result.expect(125, r'^smalt: log2 of a page: 0xe: "this CPU has no pages of 16K": MISSING_CAPABILITY, ')


@pytest.mark.platforms("q35", "microvm")
@EACH
def test_a_machine_without_such_pages_is_refused_in_one_line(platform, pages):
    """Rules: M15, M20, P3"""
    result = boot(platform, "memory", pages)
    result.expect(125, rf'^smalt: log2 of a page: 0x.*: "x86_64 has no pages of {pages}": MISSING_CAPABILITY, ')


@ON_ONE
def test_a_kernel_whose_segments_share_a_page_is_refused_with_what_to_do(platform):
    """Rules: M11, M12, M20"""
    result = guest.boot_guest(platform, "memory", append="smalt.pages=64K")
    result.expect(125, r"^smalt: kernel.elf: .*page of several segments: .*: WX, .*max-page-size=65536")


@ARM
@EACH
@pytest.mark.parametrize("align", [4, 4096, 65536])
def test_the_plan_of_a_replayed_machine_is_the_table_of_the_guest(platform, pages, align, smalt, tmp_path):
    """Rules: P1, P5, P7, H2, H3"""
    module = guest.build("zero", platform.machine, link_for(pages)).read_bytes()
    conf = f"kernel kernel.elf\npages {pages}\nmodule a\nmodule b role=map instances=2\nmodule c role=map\n"
    modules = {"a": b"a" * 70001, "b": module, "c": module}
    archive = guest.kernel_archive(guest.build("table", platform.machine, link_for(pages)), modules, conf, align)
    result = guest.boot(platform, archive, append="smalt.env=serial", ram=1027 << 20)
    result.expect(0, r"^end$")
    (tmp_path / "env").write_text(result.output)
    (tmp_path / "archive").write_bytes(archive)
    done = subprocess.run([smalt, "plan", "--archive", tmp_path / "archive", "--env", tmp_path / "env", "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compare(json.loads(done.stdout), table.Table(result.output))


@ON_ONE
@EACH
@pytest.mark.parametrize("color", ["off", "match", "spread", "partition", "partition,strict"])
def test_colors_are_of_the_larger_pages(platform, pages, color):
    """Rules: C1, C2, P3"""
    words = f"smalt.color={color}"
    if color.startswith("partition"):
        words += " smalt.colors.kernel=0 smalt.colors.module=1"
    for name in "walk", "memory":
        boot(platform, name, pages, append=words, modules=MODULES).success()

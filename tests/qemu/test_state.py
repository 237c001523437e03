# SPDX-License-Identifier: BSD-2-Clause
"""The machine as a kernel finds it: CPU, page tables, memory, the table itself."""
import guest
import pytest

pytestmark = guest.ALL


def test_the_cpu_is_in_the_documented_state_bit_by_bit(platform):
    """Rules: H1, H5"""
    guest.boot_guest(platform, "cpu_state").success()


CPUS = {"x86_64": ["qemu64", "Skylake-Client-v4", "EPYC"],
        "aarch64": ["cortex-a53", "cortex-a72", "cortex-a76", "neoverse-n1", "a64fx"]}


def test_the_state_is_the_same_on_other_cpus(platform):
    """Rules: H5"""
    for cpu in CPUS[platform.machine]:
        # QEMU 7.2's a64fx claims the registers of a GICv3 whatever controller the machine has.
        words = ",gic-version=3" if cpu == "a64fx" else ""
        guest.boot_guest(platform, "cpu_state", cpu=cpu, machine_words=words).success()


def test_first_instructions_may_use_floating_point_and_system_registers(platform):
    """Rules: H5"""
    link = guest.Link(words=("-e", "early_start"))
    guest.boot_guest(platform, "early", link).success()


@pytest.mark.platforms("virt", "virt-el2")
def test_first_instructions_may_use_the_system_registers_of_a_gic_v3(platform):
    """Rules: H5"""
    link = guest.Link(words=("-e", "early_start"))
    guest.boot_guest(platform, "early", link, machine_words=",gic-version=3").success()


def test_no_interrupt_arrives_when_they_are_let_in(platform):
    """Rules: H5"""
    guest.boot_guest(platform, "interrupts_on").success()


def test_a_kernel_may_install_its_own_vectors(platform):
    """Rules: H1"""
    guest.boot_guest(platform, "own_vectors").success()


def test_without_the_reporter_nothing_of_it_is_there(platform):
    """Rules: H1, H4"""
    guest.boot_guest(platform, "no_reporter").success()


LINKS = [guest.Link(linker, page) for linker in ("lld", "gnu") for page in (0x1000, 0x10000, 0x200000)]


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link.linker}-{link.page:#x}")
@guest.ONLY_DIRECT
def test_the_tables_map_the_rows_and_the_direct_map_and_nothing_else(platform, link):
    """Rules: H2, M12, M18, P6, P7"""
    modules = {"small": b"x" * 100, "pages": b"y" * 12288, "large": b"z" * (5 << 20)}
    guest.boot_guest(platform, "walk", link, modules=modules).success()


@pytest.mark.parametrize("value", ["identity", "0x600000000000"])
@guest.EACH_MACHINE
def test_the_tables_hold_the_direct_map_where_it_was_asked_for(platform, value):
    """Rules: H4, H7, P6"""
    guest.boot_guest(platform, "walk", append=f"smalt.direct_map={value}").success()


@pytest.mark.parametrize("ram", [1027 << 20, 5 << 30, 64 << 30], ids=lambda ram: f"{ram >> 20}M")
def test_the_tables_and_the_memory_map_hold_much_memory(platform, ram):
    """Rules: H3, P3, P6"""
    if platform.name == "microvm" and ram > 5 << 30:
        ram = 16 << 30
    guest.boot_guest(platform, "walk", ram=ram).success()
    check_memory(platform, ram)


def test_every_page_of_memory_and_of_every_row_is_accounted_for(platform):
    """Rules: H3"""
    check_memory(platform, guest.RAM)


def check_memory(platform, ram):
    """The printed map adds up to what the machine was given."""
    result = guest.boot_guest(platform, "memory", ram=ram, modules={"m": b"m" * 5000}).success()
    starts, sizes, types = (result.lines(word) for word in ("memory", "bytes", "type"))
    end = guest.RAM_START[platform.machine] + ram
    hole = {"q35": 0x80000000, "ovmf": 0x80000000, "microvm": 0xc0000000}.get(platform.name, end)
    if platform.machine == "x86_64":
        assert covered(starts, sizes, 1 << 20, min(end, hole)) == min(end, hole) - (1 << 20)
        if end > hole:
            assert covered(starts, sizes, 4 << 30, (4 << 30) + end - hole) == end - hole
    else:
        assert covered(starts, sizes, end - ram, end) == ram
    used = sum(size for size, kind in zip(sizes, types) if kind not in (1, 2))
    assert sum(size for size, kind in zip(sizes, types) if kind in (1, 2)) > ram - used - (1 << 20)


def covered(starts, sizes, start, end):
    return sum(max(0, min(end, s + n) - max(start, s)) for s, n in zip(starts, sizes))


def test_everything_that_the_handoff_names_is_there(platform):
    """Rules: H2, H8, H10, M3, M14"""
    guest.boot_guest(platform, "pointers", modules={"m": b"1", "n": b"2"}).success()


@pytest.mark.platforms("microvm")
def test_a_microvm_without_acpi_has_none(platform):
    """Rules: H2"""
    result = guest.boot_guest(platform, "pointers", machine_words=",acpi=off").success()
    assert "acpi tables" not in result.output


def test_every_free_and_reclaimable_page_may_be_overwritten(platform):
    """Rules: H1, H3"""
    result = guest.boot_guest(platform, "take_all", modules={"m": b"1"}, ram=1 << 30)
    result.expect(126, r"^smalt: .*: write to 0x0000000000000008")
    result.expect(126, r"^  address  not mapped: page 0, a null pointer\?$")
    result.expect(126, r"^kernel.elf$\n^m$")


def test_a_kernel_that_was_loaded_into_dirty_memory_finds_zeros(platform):
    """Rules: M17"""
    for link in guest.Link(), guest.Link("gnu", 0x10000), guest.Link(page=0x200000):
        guest.boot_guest(platform, "zero", link, prefill=True).success()


@guest.EACH_MACHINE
def test_a_gibibyte_of_bss_is_zero_and_has_large_leaves(platform):
    """Rules: M17, P1, P2"""
    guest.boot_guest(platform, "big_bss", ram=1600 << 20).success()


# bytes of the module's row: log2 of its largest leaf
NARROWED = {10000: {"x86_64": 12, "aarch64": 12}, 300000: {"x86_64": 12, "aarch64": 16},
            5 << 20: {"x86_64": 21, "aarch64": 21}, 40 << 20: {"x86_64": 21, "aarch64": 25}}


@guest.ALL
@pytest.mark.parametrize("what,zeros", [("module", 10000), *(("row", zeros) for zeros in NARROWED)])
def test_a_kernel_can_unmap_a_module_and_narrow_a_row(platform, what, zeros):
    """Rules: M22"""
    link = guest.Link(words=("-e", "module_entry"))
    elf = guest.compile_and_link("module_elf", platform.machine, [guest.GUESTS / "module_elf.c"], link,
                                 (f"ZEROS={zeros}",)).read_bytes()
    result = guest.boot_guest(platform, "narrow", modules={"gone": elf, "kept": elf}, append=what,
                              conf="module gone role=map\nmodule kept role=map", ram=512 << 20)
    result.expect(126, r"^narrowed$")
    assert result.line("leaf") == NARROWED[zeros][platform.machine]
    name = {"module": r"gone segment \d+ r--", "row": r"kept segment \d+ rw-"}[what]
    result.expect(126, rf"^  address  {name} \+0x0")


def test_the_kernels_note_states_stack_and_direct_map(platform):
    """Rules: H4"""
    defines = ("GUEST_DIRECT_MAP=0x600000000000",)
    result = guest.boot_guest(platform, "note", defines=defines).success()
    assert result.line("stack") == 0x22000
    assert result.line("direct map") == 0x600000000000


def test_the_configuration_wins_over_the_note_and_the_command_line_over_both(platform):
    """Rules: H4"""
    defines, conf = ("GUEST_DIRECT_MAP=0x600000000000",), "stack 32K\ndirect_map none\n"
    result = guest.boot_guest(platform, "note", defines=defines, conf=conf).success()
    assert result.line("stack") == 32 << 10
    assert result.line("direct map bytes") == 0
    result = guest.boot_guest(platform, "note", defines=defines, conf=conf, append="smalt.stack=16K").success()
    assert result.line("stack") == 16 << 10


def test_words_that_are_not_smalts_are_the_kernels_command_line(platform):
    """Rules: H2"""
    conf = "cmdline one two\n"
    guest.boot_guest(platform, "cmdline", conf=conf).expect(0, r"^\|one two\|$")
    guest.boot_guest(platform, "cmdline", conf=conf, append="a=b smalt.stack=32K c").expect(0, r"^\|a=b c\|$")
    guest.boot_guest(platform, "cmdline", conf=conf, append="+= three").expect(0, r"^\|one two three\|$")

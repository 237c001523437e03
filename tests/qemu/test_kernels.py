# SPDX-License-Identifier: BSD-2-Clause
"""Kernels and modules as people link and pack them."""
import re
import subprocess

import guest
import pytest

pytestmark = guest.ALL

LINKS = [guest.Link(linker, page) for linker in ("lld", "gnu") for page in (0x1000, 0x10000, 0x200000)]
RELOCATIONS = {
    "rela": guest.Link(),
    "rela-unapplied": guest.Link(words=("--no-apply-dynamic-relocs",)),
    "rel": guest.Link(words=("-z", "rel")),
    "relr": guest.Link(words=("--pack-dyn-relocs=relr",)),
    "gnu": guest.Link("gnu"),
}


@pytest.mark.parametrize("kind", RELOCATIONS)
def test_pointers_of_a_static_pie_are_relocated(platform, kind):
    """Rules: M6, R1"""
    guest.boot_guest(platform, "relocated", RELOCATIONS[kind]).success()


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link.linker}-{link.page:#x}")
@guest.ONLY_DIRECT
def test_a_kernel_at_a_high_address_runs_there(platform, link):
    """Rules: M6"""
    address = guest.HIGH[platform.machine]
    link = guest.Link(link.linker, link.page, address)
    result = guest.boot_guest(platform, "placed", link).success()
    assert result.line("base") == address


@pytest.mark.parametrize("address", [0x100000, 0x200000, 0x1000000, 0x40200000], ids=hex)
def test_a_kernel_at_a_low_address_runs_there(platform, address):
    """Rules: M6, M9"""
    result = guest.boot_guest(platform, "placed", guest.Link(address=address)).success()
    assert result.line("base") == address


def test_forty_modules_arrive_whole_with_their_arguments(platform):
    """Rules: H2, M5, M17"""
    modules = {f"m{i:02}": bytes((i + j) % 256 for j in range(i * 100 + 1)) for i in range(40)}
    conf = "".join(f"module m{i:02} args=n={i % 10}\n" for i in range(40))
    for align in 4096, 4:
        guest.boot_guest(platform, "forty_modules", modules=modules, conf=conf, align=align, prefill=True).success()


def test_a_module_inside_a_page_of_the_archive_is_whole(platform):
    """Rules: M17"""
    odd = bytes(i * 7 % 256 for i in range(10001))
    modules = {"before": b"\xaa" * 5001, "odd": odd, "behind": b"\xaa" * 5001}
    result = guest.boot_guest(platform, "odd_offset", modules=modules, align=4).success()
    assert result.line("data_offset") % 4 == 0


@pytest.mark.parametrize("address", [0, 0x70000000], ids=["movable", "fixed"])
def test_a_module_of_role_map_is_mapped_with_its_rights_and_runs(platform, address):
    """Rules: M6, M17, M18"""
    link = guest.Link(address=address, words=("-e", "module_entry"))
    elf = guest.compile_and_link("module_elf", platform.machine, [guest.GUESTS / "module_elf.c"], link)
    result = guest.boot_guest(platform, "map_module", modules={"module.elf": elf.read_bytes()},
                              conf="module module.elf role=map", prefill=True).success()
    if address != 0:
        assert (result.line("base"), result.line("bias")) == (address, 0)


@guest.ALL
def test_instances_share_what_is_read_only_and_have_their_own_data(platform):
    """Rules: S3, M3, M4"""
    link = guest.Link(words=("-e", "module_entry", "-z", "relro"))
    elf = guest.compile_and_link("instance_elf", platform.machine, [guest.GUESTS / "instance_elf.c"], link)
    guest.boot_guest(platform, "instances", modules={"module.elf": elf.read_bytes(), "other": b"x" * 9000},
                     conf="module module.elf role=map instances=3\nmodule other", prefill=True).success()


def test_a_bare_kernel_is_booted_without_an_archive(platform):
    """Rules: H1"""
    elf = guest.build("cmdline", platform.machine)
    guest.boot(platform, elf.read_bytes(), append="bare").expect(0, r"^\|bare\|$").success()


def test_what_cannot_be_booted_is_refused_in_one_line(platform):
    """Rules: M19, M20"""
    elf = guest.build("cmdline", platform.machine).read_bytes()
    result = guest.boot(platform, elf[:1000]).expect(125, r"^smalt: .*TRUNCATED")
    assert len(result.own_lines()) == 1
    other = guest.build("cmdline", {"x86_64": "aarch64", "aarch64": "x86_64"}[platform.machine]).read_bytes()
    guest.boot(platform, other).expect(125, r"^smalt: .*WRONG_MACHINE")
    conf = guest.archive({"smalt.conf": b"kernle kernel.elf\n", "kernel.elf": elf})
    guest.boot(platform, conf).expect(125, r"^smalt: smalt\.conf.*kernle.*kernel")


# --- the object record against readelf ------------------------------------------------


def readelf(elf, option):
    return subprocess.run(["readelf", option, "-W", str(elf)], stdout=subprocess.PIPE, check=True, text=True).stdout


def program_headers(elf):
    """(type, offset, vaddr, filesz, memsz, flags) of each."""
    pattern = r"^\s+(\w+)\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) ([RWE ]{3})"
    return [(kind, *(int(n, 16) for n in numbers), rights.replace(" ", ""))
            for kind, *numbers, rights in re.findall(pattern, readelf(elf, "-l"), re.M)]


def header(elf, name):
    return int(re.search(rf"{name}:\s+(0x[0-9a-f]+|\d+)", readelf(elf, "-h"))[1], 0)


def section(elf, name):
    found = re.search(rf"\] {re.escape(name)}\s+\S+\s+(\w+) \w+ (\w+)", readelf(elf, "-S"))
    return (int(found[1], 16), int(found[2], 16)) if found else None


def check_object(result, elf):
    bias, headers = result.lines("bias")[0], program_headers(elf)
    loads = [h for h in headers if h[0] == "LOAD"]

    def field(name):
        return result.lines(name)[0]

    def vaddr(number):
        return (number + bias) % (1 << 64)

    assert field("image_start") == vaddr(loads[0][2])
    assert field("image_end") == vaddr(loads[-1][2] + loads[-1][4])
    assert field("entry") == vaddr(header(elf, "Entry point address"))
    assert field("phdr_count") == header(elf, "Number of program headers")
    assert field("phdr_va") == vaddr(loads[0][2]) + 64 - loads[0][1]
    assert field("section_offset") == header(elf, "Start of section headers")
    assert field("section_count") == header(elf, "Number of section headers")
    by_type = {h[0]: h for h in headers}
    tls = by_type["TLS"]
    assert [field(f"tls_{n}") for n in ("va", "file_bytes", "mem_bytes")] == [vaddr(tls[2]), tls[3], tls[4]]
    assert field("stack_prot") == 6
    if "DYNAMIC" in by_type:
        assert [field("dynamic_va"), field("dynamic_bytes")] == [vaddr(by_type["DYNAMIC"][2]), by_type["DYNAMIC"][4]]
    if "GNU_RELRO" in by_type:
        assert field("relro_va") == vaddr(by_type["GNU_RELRO"][2])
    for name in "init_array", "fini_array":      # the dynamic section names them: without it there is none
        va, size = section(elf, f".{name}")
        expected = [vaddr(va), size] if "DYNAMIC" in by_type else [0, 0]
        assert [field(f"{name}_va"), field(f"{name}_bytes")] == expected
    build_id = re.search(r"Build ID: (\w+)", readelf(elf, "-n"))[1]
    assert bytes(result.lines("build_id")).hex() == build_id


def check_rows(result, elf):
    """Each PT_LOAD is a row, but for a part that RELRO made a row of its own."""
    bias, rights = result.lines("bias")[0], {"R": 4, "RE": 5, "RW": 6}
    names = ("row", "mem_bytes", "file_bytes", "file_offset", "prot", "object")
    rows = list(zip(*(result.lines(name)[-len(result.lines("row")):] for name in names)))
    rows = [row for row in rows if row[5] == 0]
    relro = [(h[2], h[2] + h[4]) for h in program_headers(elf) if h[0] == "GNU_RELRO"]
    for _, offset, vaddr, filesz, memsz, flags in [h for h in program_headers(elf) if h[0] == "LOAD"]:
        start = (vaddr + bias) % (1 << 64)
        parts = [row for row in rows if start <= row[0] < start + memsz]
        assert parts[0][0] == start and parts[0][3] == offset
        assert sum(row[1] for row in parts) == memsz
        assert sum(row[2] for row in parts) == filesz
        protected = any(begin <= vaddr and vaddr + memsz <= end for begin, end in relro)
        assert parts[-1][4] == (4 if protected else rights[flags])


@pytest.mark.parametrize("link", [guest.Link(), guest.Link("gnu"), guest.Link(address=0x40000000)],
                         ids=["lld", "gnu", "fixed"])
@guest.EACH_MACHINE
def test_the_object_record_agrees_with_readelf(platform, link):
    """Rules: M3, M4, M16"""
    elf = guest.build("objects", platform.machine, link)
    result = guest.boot_guest(platform, "objects", link).success()
    check_object(result, elf)
    check_rows(result, elf)
    assert "note SMALT" in result.output and "note GNU" in result.output

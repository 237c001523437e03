# SPDX-License-Identifier: BSD-2-Clause
"""The loader as an arm64 Image: how it is entered, how it ends, what it says where it must refuse."""
import re
import struct

import fdt
import guest
import pytest

pytestmark = pytest.mark.platforms("virt", "virt-el2")

RESERVED = 11            # SMALT_MEM_RESERVED
UNREADABLE = b"\x7fELF" + bytes(60)


def without_semihosting(platform):
    """QEMU's words for the machine, with no way out but PSCI; what it then ends with is 0."""
    words = guest.qemu_words(platform)
    at = words.index("-semihosting-config")
    return words[:at] + words[at + 2:]


def boot_without_semihosting(platform, initrd, tmp_path):
    (tmp_path / "initrd").write_bytes(initrd)
    return guest.run(platform.machine, without_semihosting(platform) + ["-initrd", str(tmp_path / "initrd")], 30)


def edited(platform, tmp_path, edit, **machine):
    """QEMU's words for its own tree with something added to the root."""
    tree = fdt.of_machine(platform, tmp_path / "qemu.dtb", **machine)
    edit(tree)
    (tmp_path / "edited.dtb").write_bytes(tree.blob())
    return ("-dtb", str(tmp_path / "edited.dtb"))


def refused(platform, tmp_path, edit, pattern):
    result = guest.boot(platform, extra=edited(platform, tmp_path, edit)).expect(125, pattern)
    assert len(result.output.strip().splitlines()) == 1


def test_an_elf_file_finds_the_devicetree_at_the_start_of_memory(platform):
    """Rules: H2"""
    words = guest.qemu_words(platform)
    words[words.index("-kernel") + 1] = str(guest.BUILD / platform.machine / "smalt.elf")
    guest.run(platform.machine, words, 30).expect(0, r"^Hello")


@pytest.mark.parametrize("megabytes", [4, 48, 124])
def test_the_image_runs_at_any_multiple_of_2_mib(platform, megabytes):
    """Rules: H2"""
    words = guest.qemu_words(platform)
    at = words.index("-kernel")
    start = guest.RAM_START["aarch64"] + (megabytes << 20)
    words[at:at + 2] = ["-device", f"loader,file={guest.loader('aarch64')},addr={start:#x},force-raw=on",
                        "-device", f"loader,addr={start:#x},cpu-num=0"]
    guest.run(platform.machine, words, 30).expect(0, r"^Hello")


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a72", "neoverse-n1", "a64fx"])
@pytest.mark.parametrize("gic", ["2", "3"])
def test_the_loader_runs_on_other_cpus_and_interrupt_controllers(platform, cpu, gic):
    """Rules: H5"""
    guest.boot_guest(platform, "cpu_state", cpu=cpu, machine_words=f",gic-version={gic}").success()


def test_memory_of_the_secure_world_is_reserved(platform):
    """Rules: H3, P6"""
    result = guest.boot_guest(platform, "memory", machine_words=",secure=on").success()
    types = dict(zip(result.lines("memory"), result.lines("type")))
    assert types[0xe000000] == RESERVED


def test_a_refusal_ends_the_machine_by_psci_too(platform, tmp_path):
    """Rules: H10"""
    result = boot_without_semihosting(platform, UNREADABLE, tmp_path)
    assert result.code == 0 and re.match(r"smalt: .*\n$", result.output), result


def test_a_fault_report_ends_the_machine_by_psci_too(platform, tmp_path):
    """Rules: H1, H10"""
    archive = guest.kernel_archive(guest.build("undefined", platform.machine))
    result = boot_without_semihosting(platform, archive, tmp_path)
    assert result.code == 0 and len(re.findall("^smalt: .*undefined", result.output, re.M)) == 1, result


def second_psci(tree):
    tree.begin("psci-of-somebody")
    tree.prop("compatible", b"arm,psci\0")
    tree.prop("method", b"svc\0")
    tree.end()


def wide_addresses(tree):
    tree.begin("reserved-memory")
    tree.prop("#address-cells", struct.pack(">I", 3))
    tree.begin("x")
    tree.prop("reg", bytes(16))
    tree.end()
    tree.end()


def test_a_wrong_devicetree_is_refused_in_one_line_with_property_and_node(platform, tmp_path):
    """Rules: M20"""
    refused(platform, tmp_path, second_psci, r"^smalt: .*method.*psci-of-somebody.*BAD_DEVICETREE")
    refused(platform, tmp_path, wide_addresses, r"^smalt: .*#address-cells.*0x3.*reserved-memory.*BAD_DEVICETREE")


def test_a_loader_in_reserved_memory_is_refused(platform, tmp_path):
    """Rules: H3"""
    def reserve(tree):
        tree.reserve(guest.RAM_START["aarch64"] + (2 << 20), 0x1000)
    refused(platform, tmp_path, reserve, r"^smalt: reserved memory at the loader: 0x40200000.*BAD_DEVICETREE")


def test_memory_in_many_pieces_needs_more_tables_and_gets_them(platform, tmp_path):
    """Rules: H3"""
    kept = [guest.RAM_START["aarch64"] + (2 * i << 20) + 0x5000 for i in range(12, 31)]
    kept += [guest.RAM_START["aarch64"] + (2 * i << 20) + 0x5000 for i in range(40, 62)]

    def reserve(tree):
        for pa in kept:
            tree.reserve(pa, 0x1000)
    words = edited(platform, tmp_path, reserve)
    result = guest.boot_guest(platform, "memory", extra=words).success()
    types = dict(zip(result.lines("memory"), result.lines("type")))
    assert all(types[pa] == RESERVED for pa in kept)


def test_a_console_behind_a_bus_is_used(platform, tmp_path):
    """Rules: H8"""
    def move(tree):
        """Another name for the same registers: two GiB away, through a bus."""
        tree.begin("soc")
        tree.prop("#address-cells", struct.pack(">I", 1))
        tree.prop("#size-cells", struct.pack(">I", 1))
        tree.prop("ranges", struct.pack(">4I", 0x89000000, 0, 0x9000000, 0x1000))
        tree.begin("uart@89000000")
        tree.prop("compatible", b"arm,pl011\0")
        tree.prop("reg", struct.pack(">2I", 0x89000000, 0x1000))
        tree.end()
        tree.end()
        old, new = b"/pl011@9000000\0", b"/soc/uart@89000000\0"
        where = tree.structure.index(old)                        # stdout-path, behind {PROP, bytes, name}
        name, = struct.unpack_from(">I", tree.structure, where - 4)
        assert tree.strings[name:].startswith(b"stdout-path\0")
        struct.pack_into(">I", tree.structure, where - 8, len(new))
        tree.structure[where:where + len(fdt.padded(old))] = fdt.padded(new)
    words = edited(platform, tmp_path, move)
    guest.boot_guest(platform, "cmdline", append="here", extra=words).expect(0, r"^\|here\|$").success()


# SPDX-License-Identifier: BSD-2-Clause
"""The PVH entry on machines of other shapes: where the loader moves, what it is given."""
import guest
import pytest

MIB = 1 << 20
PC = guest.Platform("pc", "x86_64", ("-machine", "pc") + guest.X86_EXIT, "qemu64")


@pytest.mark.platforms("q35", "microvm")
@pytest.mark.parametrize("mebibytes", [4, 5, 6, 7, 8, 3072, 4096, 6144])
def test_the_loader_finds_a_home_in_little_and_in_much_memory(platform, mebibytes):
    """Rules: H3"""
    guest.boot_guest(platform, "pointers", modules={"m": b"1", "n": b"2"}, ram=mebibytes * MIB).success()


@pytest.mark.platforms("q35", "microvm")
def test_a_home_between_modules_and_kernel_is_found_in_dirty_memory(platform):
    """Rules: H3, M17"""
    guest.boot_guest(platform, "pointers", modules={"m": b"m" * (5 * MIB), "n": b"2"}, ram=16 * MIB,
                     prefill=True).success()


@pytest.mark.platforms("q35", "microvm")
def test_files_of_fw_cfg_are_modules(platform):
    """Rules: H3"""
    result = guest.boot_guest(platform, "objects", conf="module extra",
                              extra=["-fw_cfg", "name=opt/smalt/extra,string=hello"]).success()
    assert "object extra" in result.output
    assert result.lines("file_bytes")[1] == 5


@pytest.mark.platforms("q35")
def test_an_old_pc_boots_too(platform):
    """Rules: H3, H5"""
    assert platform.machine == PC.machine        # runs beside the tests of its machine
    guest.boot_guest(PC, "cpu_state_x86_64").success()


@pytest.mark.platforms("q35", "microvm")
def test_other_processors_stay_where_they_are(platform):
    """Rules: H5"""
    guest.boot_guest(platform, "cpu_state_x86_64", extra=["-smp", "3"]).success()

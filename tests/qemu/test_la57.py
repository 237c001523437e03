# SPDX-License-Identifier: BSD-2-Clause
"""Five paging levels (x86_64, CR4.LA57): asked for or not, on at entry or not."""
import json
import re
import subprocess

import guest
import monitor
import pytest
import table
import volume
from test_replay import compare

pytestmark = pytest.mark.platforms("q35", "microvm", "ovmf")
UEFI = pytest.mark.platforms("ovmf")
DIRECT = pytest.mark.platforms("q35")

FIVE = "smalt.paging_levels=5"
MODULES = {"small": b"x" * 100, "large": b"z" * (5 << 20)}
REFUSED = r"^smalt: kernel\.elf: paging_levels: 0x5 > 0x4: MISSING_CAPABILITY, "
UPPER_HALF = 0xff00000000000000


@pytest.mark.parametrize("name", ["cpu_state", "walk", "pointers"])
def test_a_kernel_gets_five_levels_when_it_asks(platform, name):
    """Rules: H1, H2, H3, H5, P3"""
    guest.boot_guest(platform, name, append=FIVE, modules=MODULES, prefill=not platform.firmware).success()


TAKEN = r"^smalt: .*: write to 0x0000000000000008"       # how that guest says that it is content


def test_every_free_and_reclaimable_page_may_be_overwritten(platform):
    """Rules: H1, H3, P3"""
    guest.boot_guest(platform, "take_all", append=FIVE).expect(126, TAKEN)


@DIRECT
@pytest.mark.parametrize("what", ["module", "row"])
def test_a_kernel_edits_five_levels_with_the_public_header(platform, what):
    """Rules: M22, P3"""
    elf = guest.compile_and_link("module_elf", platform.machine, [guest.GUESTS / "module_elf.c"],
                                 guest.Link(words=("-e", "module_entry")), (f"ZEROS={5 << 20}",)).read_bytes()
    guest.boot_guest(platform, "narrow", modules={"gone": elf, "kept": elf}, append=f"{FIVE} {what}", ram=512 << 20,
                     conf="module gone role=map\nmodule kept role=map").expect(126, r"^narrowed$")


@DIRECT
def test_the_tables_hold_much_memory(platform):
    """Rules: P3, P6"""
    guest.boot_guest(platform, "walk", append=FIVE, ram=64 << 30).success()


@DIRECT
def test_the_note_asks_and_smalt_conf_and_the_command_line_say_otherwise(platform):
    """Rules: H4, P3"""
    def levels(asked, **how):
        defines = ("GUEST_DIRECT_MAP=0xffff900000000000", f"GUEST_LEVELS={asked}")
        return guest.boot_guest(platform, "note", defines=defines, **how).success().line("paging levels")
    assert levels(0) == 4
    assert levels(5) == 5
    assert levels(5, conf="paging_levels 4\n") == 4
    assert levels(4, conf="paging_levels 5\n") == 5
    assert levels(4, conf="paging_levels 4\n", append=FIVE) == 5


def test_qemu_finds_every_row_and_the_direct_map_through_five_levels(platform):
    """Rules: H2, H7, P3, P6, P7"""
    kernel = guest.kernel_archive(guest.build("wait", platform.machine), MODULES)
    with monitor.waiting(platform, kernel, append=FIVE) as waiting:
        result = guest.Result(None, waiting.output, 0, "")
        assert int(re.search(r"CR4=([0-9a-f]+)", waiting.ask("info registers"))[1], 16) == 0x16a0
        base = result.line("direct map")
        assert base == UPPER_HALF
        rows = list(zip(*(result.lines(name) for name in ("extent", "pa", "bytes"))))
        assert len(rows) > 8
        for va, pa, size in rows:
            for offset in {0, size // 2 & ~0xfff, size - 1}:
                assert waiting.physical(va + offset) == pa + offset, hex(va + offset)
        for pa, size, kind in zip(*(result.lines(name) for name in ("memory", "size", "type"))):
            assert waiting.physical(base + pa + size - 0x1000) == (pa + size - 0x1000 if kind in range(1, 9) else None)
        assert waiting.physical(0) is None
        assert waiting.physical(0xffff800000000000) is None      # where four levels have the direct map


def far_kernel(platform, name, address):
    """A kernel that is linked where only five levels reach: position-independent code, a fixed address."""
    words = ("--no-pie", f"--image-base={address:#x}")
    return guest.kernel_archive(guest.build(name, platform.machine, guest.Link(words=words)), MODULES)


@DIRECT
@pytest.mark.parametrize("address", [0xff80000000200000, 0x00f0000000200000, 0x0000800000200000], ids=hex)
def test_addresses_behind_47_bits_exist_with_five_levels_only(platform, address):
    """Rules: M5, M19, P3"""
    archive = far_kernel(platform, "walk", address)
    guest.boot(platform, archive, append=FIVE).success()
    refused = guest.boot(platform, archive).expect(125, r"^smalt: kernel\.elf: .*NO_ADDRESS")
    assert len(refused.output.strip().splitlines()) == 1


@DIRECT
def test_a_module_may_lie_behind_47_bits_too(platform):
    """Rules: M22, P3"""
    elf = guest.compile_and_link("module_elf", platform.machine, [guest.GUESTS / "module_elf.c"],
                                 guest.Link(words=("-e", "module_entry"))).read_bytes()
    conf = "module module.elf role=map va=0xff90000000000000\n"
    result = guest.boot_guest(platform, "map_module", modules={"module.elf": elf}, conf=conf, append=FIVE).success()
    assert result.line("base") == 0xff90000000000000


def test_a_fault_is_reported_through_five_levels(platform):
    """Rules: H1, M12"""
    result = guest.boot_guest(platform, "write_to_text", append=FIVE)
    result.expect(126, r"^  address  kernel\.elf segment \d+ r-x \+0x[0-9a-f]+, not writable")
    result = guest.boot_guest(platform, "write_rodata_through_direct_map", append=FIVE)
    result.expect(126, r"^  address  direct map of pa 0x[0-9a-f]+, object memory, read-only")


def test_a_cpu_without_them_is_named_in_one_line(platform):
    """Rules: M15, M20, P3"""
    result = guest.boot_guest(platform, "cpu_state", append=FIVE, cpu="qemu64").expect(125, REFUSED)
    assert len(result.own_lines()) == 1
    guest.boot_guest(platform, "cpu_state", append="smalt.paging_levels=4", cpu="qemu64").success()


def replay(smalt, folder, archive, output):
    (folder / "env").write_text(output)
    (folder / "archive").write_bytes(archive)
    done = subprocess.run([smalt, "plan", "--archive", folder / "archive", "--env", folder / "env", "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_plan_of_a_replayed_machine_is_the_table_of_the_guest(platform, smalt, tmp_path):
    """Rules: P3, P7, H2, H3"""
    archive = guest.kernel_archive(guest.build("table", platform.machine), MODULES)
    result = guest.boot(platform, archive, append=f"smalt.env=serial {FIVE}").expect(0, r"^end$")
    told = table.Table(result.output)
    assert told.levels == 5
    compare(replay(smalt, tmp_path, archive, result.output), told)


# --- a firmware that has them on ----------------------------------------------------------


def boot_with_la57(platform, folder, name, append="", module=b"m", **machine):
    """The shell turns them on (guests/efi/la57.c), then starts the loader; what it gives back is shown."""
    files = {"smalt.conf": b"kernel kernel.elf\nmodule m\n", "m": module,
             "kernel.elf": guest.build(name, platform.machine).read_bytes(),
             "la57.efi": volume.application(platform.machine, "la57"),
             "startup.nsh": b"@echo -off\nfs0:\nla57.efi\nloader.efi\necho status %lasterror%\nreset -s\n"}
    image = volume.make_files(folder, platform.machine, platform.loader, files, place="loader.efi",
                              cmdline=append, append="")
    words = ["-drive", f"if=none,id=volume,format=raw,snapshot=on,file={image}", "-device", "virtio-blk-pci,drive=volume"]
    result = guest.run(platform.machine, [*guest.qemu_words(platform, **machine), *words], 90)
    assert "five levels are on" in result.output, result.output
    return result


@UEFI
@pytest.mark.parametrize("asked", ["", "smalt.paging_levels=4", FIVE], ids=["default", "4", "5"])
@pytest.mark.parametrize("name", ["cpu_state", "walk"])
def test_a_firmware_with_five_levels_on_is_left_for_what_the_kernel_asks(platform, tmp_path, name, asked):
    """Rules: H1, H5, P3, P7"""
    boot_with_la57(platform, tmp_path, name, asked, b"z" * (5 << 20)).success()


@UEFI
def test_memory_is_the_kernels_when_five_levels_are_left(platform, tmp_path):
    """Rules: H1, H3"""
    boot_with_la57(platform, tmp_path, "take_all").expect(126, TAKEN)


@UEFI
def test_a_fault_is_reported_when_five_levels_are_left(platform, tmp_path):
    """Rules: H1, M12"""
    boot_with_la57(platform, tmp_path, "write_to_text").expect(126, r"r-x \+0x[0-9a-f]+, not writable")


@UEFI
@pytest.mark.parametrize("asked", ["", FIVE], ids=["4", "5"])
def test_the_plan_is_the_table_when_five_levels_were_on(platform, smalt, tmp_path, asked):
    """Rules: P3, P7, H2, H3"""
    result = boot_with_la57(platform, tmp_path, "table", f"smalt.env=serial {asked}").expect(0, r"^end$")
    assert result.output.count("cpu levels=0x5\n") == 1
    told = table.Table(result.output)
    assert told.levels == (5 if asked else 4)
    archive = guest.kernel_archive(guest.build("table", platform.machine), {"m": b"m"})
    compare(replay(smalt, tmp_path, archive, result.output), told)


@UEFI
def test_a_refusal_goes_back_to_a_firmware_with_five_levels_on(platform, tmp_path):
    """Rules: M20"""
    result = boot_with_la57(platform, tmp_path, "cpu_state", "smalt.paging_levels=6")
    assert re.search(r'^smalt: .*paging_levels: "6": BAD_CONFIG, .*write 4 or 5', result.output, re.M), result.output
    assert re.search(r"^status 0x(8000000000000)?0*1\b", result.output, re.M), result.output    # EFI_LOAD_ERROR


@UEFI
def test_a_cpu_without_them_is_refused_and_the_firmware_goes_on(platform, tmp_path):
    """Rules: M20, P3"""
    files = {"smalt.conf": b"kernel kernel.elf\npaging_levels 5\n",
             "kernel.elf": guest.build("cpu_state", platform.machine).read_bytes(),
             "startup.nsh": b"@echo -off\nfs0:\nloader.efi\necho status %lasterror%\nreset -s\n"}
    image = volume.make_files(tmp_path, platform.machine, platform.loader, files, place="loader.efi", cmdline=None)
    words = ["-drive", f"if=none,id=volume,format=raw,snapshot=on,file={image}", "-device", "virtio-blk-pci,drive=volume"]
    result = guest.run(platform.machine, [*guest.qemu_words(platform, cpu="qemu64"), *words], 90)
    assert re.search(REFUSED, result.output, re.M), result.output
    assert re.search(r"^status 0x(8000000000000)?0*3\b", result.output, re.M), result.output    # EFI_UNSUPPORTED

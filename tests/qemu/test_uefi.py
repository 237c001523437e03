# SPDX-License-Identifier: BSD-2-Clause
"""What usually breaks with firmware: disks, file systems, memory, time, and the moment of leaving it."""
import re
import struct
import subprocess
import time

import guest
import monitor
import pytest
import volume

pytestmark = guest.UEFI


def kernel_files(platform, name, conf="kernel kernel.elf\n", defines=(), **files):
    """A volume's files: a guest as kernel.elf, smalt.conf, and more."""
    kernel = guest.build(name, platform.machine, defines=defines)
    return {"smalt.conf": conf.encode(), "kernel.elf": kernel.read_bytes(), **files}


def start(platform, image, *words, extra=(), timeout=60, **machine):
    """Boots from this disk image, attached by these words (NAME of a device, or more)."""
    device = words or ("-device", "virtio-blk-pci,drive=volume")
    command = [*guest.qemu_words(platform, **machine), "-drive",
               f"if=none,id=volume,format=raw,snapshot=on,file={image}", *device, *extra]
    return guest.run(platform.machine, command, timeout)


def boot_files(platform, tmp_path, files, *words, append="", **how):
    return start(platform, volume.make_files(tmp_path, platform.machine, platform.loader, files, append), *words, **how)


# --- disks and file systems -----------------------------------------------------------

DISKS = {
    "nvme": ("-device", "nvme,serial=1,drive=volume"),
    "virtio-blk": ("-device", "virtio-blk-pci,drive=volume"),
    "virtio-scsi": ("-device", "virtio-scsi-pci,id=s", "-device", "scsi-hd,drive=volume,bus=s.0"),
    "usb": ("-device", "qemu-xhci,id=u", "-device", "usb-storage,drive=volume,bus=u.0"),
}
AHCI = ("-device", "ahci,id=a", "-device", "ide-hd,drive=volume,bus=a.0")


def sum_files(platform, words=50000):
    return kernel_files(platform, "sum", "kernel kernel.elf\nmodule data\n", data=b"\3\0\0\0" * words)


@pytest.mark.parametrize("disk", DISKS)
def test_files_come_from_every_kind_of_disk(platform, tmp_path, disk):
    """Rules: M17, S11"""
    assert boot_files(platform, tmp_path, sum_files(platform), *DISKS[disk]).success().line("sum") == 150000


@pytest.mark.platforms("ovmf")       # AAVMF of Debian has no driver for it
def test_files_come_from_ahci(platform, tmp_path):
    """Rules: M17, S11"""
    assert boot_files(platform, tmp_path, sum_files(platform), *AHCI).success().line("sum") == 150000


def test_a_fragmented_file_arrives_whole(platform, tmp_path):
    """Rules: M17"""
    data = b"".join(struct.pack("<I", i * 2654435761 & 0xffffffff) for i in range(1 << 17))
    image = volume.make_fragmented(tmp_path, platform.machine, platform.loader,
                                   kernel_files(platform, "sum", "kernel kernel.elf\nmodule data\n"), {"data": data})
    result = start(platform, image).success()
    assert result.line("bytes") == len(data)
    assert result.line("sum") == sum(struct.unpack(f"<{len(data) // 4}I", data))


def test_long_names_in_folders_of_fat32_are_found(platform, tmp_path):
    """Rules: M4"""
    name = "a folder/Another Folder/this name has more than eight and three characters.data.file"
    conf = f'kernel "boot/the kernel.elf"\nmodule "{name}" name=data\n'
    files = {"smalt.conf": conf.encode(), "boot/the kernel.elf": guest.build("sum", platform.machine).read_bytes(),
             name: b"\1\0\0\0" * 100}
    image = volume.make_files(tmp_path, platform.machine, platform.loader, files, fat=32)
    assert start(platform, image).success().line("sum") == 100


def test_a_missing_file_is_named_with_its_place(platform, tmp_path):
    """Rules: M20"""
    files = kernel_files(platform, "cmdline", "kernel kernel.elf\nmodule nothing.bin\n")
    boot_files(platform, tmp_path, files).expect(125, r'^smalt: smalt\.conf:2:8: module: "nothing\.bin": NOT_FOUND')


def test_without_smalt_conf_the_line_says_where_it_is_looked_for(platform, tmp_path):
    """Rules: M20"""
    boot_files(platform, tmp_path, {}).expect(125, r"^smalt: .*NOT_FOUND.*put a smalt\.conf beside the loader")


def test_a_file_that_is_shorter_than_its_headers_say_is_refused(platform, tmp_path):
    """Rules: M19"""
    files = kernel_files(platform, "relocated")
    files["kernel.elf"] = files["kernel.elf"][:0x1800]
    boot_files(platform, tmp_path, files).expect(125, r"^smalt: kernel\.elf: .*TRUNCATED")


# --- much ---------------------------------------------------------------------------


def test_three_hundred_mebibytes_of_modules_arrive(platform, tmp_path):
    """Rules: M17, P1"""
    size = 76 << 20
    files = kernel_files(platform, "modules", "kernel kernel.elf\n" + "".join(f"module m{i}\n" for i in range(4)))
    for i in range(4):
        files[f"m{i}"] = struct.pack("<I", i) * (size // 4)
    result = boot_files(platform, tmp_path, files, ram=1 << 30, timeout=120).success()
    assert result.lines("bytes") == [size] * 4
    assert result.lines("small leaves") == [0] * 4


def test_a_memory_map_of_hundreds_of_entries_is_understood(platform, tmp_path):
    """Rules: H3, P2"""
    files = kernel_files(platform, "uefi")
    files["holes.efi"] = volume.application(platform.machine, "holes")
    files["startup.nsh"] = b"fs0:\nholes.efi\nloader.efi\n"
    image = volume.make_files(tmp_path, platform.machine, platform.loader, files, place="loader.efi")
    result = start(platform, image, timeout=120).success()
    assert result.line("efi descriptors") > 300


# --- leaving ------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [1, 3])
def test_leaving_is_tried_again_while_the_memory_map_changes(platform, tmp_path, retries):
    """Rules: H3"""
    boot_files(platform, tmp_path, kernel_files(platform, "uefi"),
               append=f"smalt.test_exit_retries={retries}").success()


def test_a_memory_map_that_never_stands_still_ends_with_a_line(platform, tmp_path):
    """Rules: M20"""
    result = boot_files(platform, tmp_path, kernel_files(platform, "uefi"), append="smalt.test_exit_retries=4")
    result.expect(125, r"^smalt: ExitBootServices\(\): .*DEVICE")


def test_a_second_entry_boots_with_its_files_after_the_first_failed(platform, tmp_path):
    """Rules: M1"""
    conf = ("entry first\nkernel kernel.elf\nmodule data\nmodule broken role=map\nfallback second\n"
            "entry second\nkernel kernel.elf\nmodule data\n")
    files = kernel_files(platform, "sum", conf, data=b"\1\0\0\0" * 5000,
                         broken=guest.build("relocated", platform.machine).read_bytes()[:0x1800])
    result = boot_files(platform, tmp_path, files).success()
    assert re.search(r"^smalt: broken: .*TRUNCATED", result.output, re.M)
    assert result.line("sum") == 5000


# --- ways to start ------------------------------------------------------------------


def shell_boot(platform, tmp_path, files, line, **how):
    """The loader has no name that a firmware looks for: the shell starts it by startup.nsh."""
    files = {**files, "startup.nsh": f"@echo -off\nfs0:\n{line}\necho status %lasterror%\nreset -s\n".encode()}
    image = volume.make_files(tmp_path, platform.machine, platform.loader, files, place="tools/loader.efi", cmdline=None)
    return start(platform, image, timeout=90, **how)


def test_the_shell_passes_arguments(platform, tmp_path):
    """Rules: H4"""
    result = shell_boot(platform, tmp_path, kernel_files(platform, "cmdline"), "tools\\loader.efi one two=\"3 4\"")
    result.expect(0, r'^\|one two="3 4"\|$').success()


def test_nothing_to_boot_gives_the_firmware_a_status_and_it_goes_on(platform, tmp_path):
    """Rules: M20"""
    files = kernel_files(platform, "cmdline", "kernel missing.elf\n")
    result = shell_boot(platform, tmp_path, files, "tools\\loader.efi")
    assert re.search(r'^smalt: smalt\.conf:1:8: kernel: "missing\.elf": NOT_FOUND', result.output, re.M), result.output
    assert re.search(r"^status 0x(8000000000000)?0*E\b", result.output, re.M), result.output    # EFI_NOT_FOUND is 14


def test_a_section_of_the_image_is_the_archive(platform, tmp_path):
    """Rules: H1"""
    elf = guest.build("cmdline", platform.machine)
    image = volume.with_sections(platform.loader, platform.machine, tmp_path, {
        ".initrd": guest.kernel_archive(elf), ".cmdline": b"from a section\n"})
    boot = volume.make_files(tmp_path, platform.machine, image, {}, cmdline=None)
    start(platform, boot).expect(0, r"^\|from a section\|$").success()


@pytest.mark.platforms("aavmf")
def test_an_initrd_by_loadfile2_is_the_archive(platform, tmp_path):
    """Rules: H1"""
    elf = guest.build("cmdline", platform.machine)
    (tmp_path / "initrd").write_bytes(guest.kernel_archive(elf))
    command = [*guest.qemu_words(platform), "-kernel", platform.loader, "-initrd", tmp_path / "initrd", "-append", "by qemu"]
    guest.run(platform.machine, [str(word) for word in command], 60).expect(0, r"^\|by qemu\|$").success()


def test_a_file_of_fw_cfg_goes_before_the_volumes(platform, tmp_path):
    """Rules: H4"""
    (tmp_path / "conf").write_bytes(b"kernel kernel.elf\ncmdline of fw_cfg\n")
    files = kernel_files(platform, "cmdline", "kernel kernel.elf\ncmdline of the volume\n")
    extra = ("-fw_cfg", f"name=opt/smalt/smalt.conf,file={tmp_path}/conf")
    boot_files(platform, tmp_path, files, extra=extra).expect(0, r"^\|of fw_cfg\|$").success()


# --- CPUs and machines ---------------------------------------------------------------

CPUS = {"x86_64": "qemu64", "aarch64": "cortex-a53"}


def test_old_cpus_boot_too(platform, tmp_path):
    """Rules: H5"""
    boot_files(platform, tmp_path, kernel_files(platform, "uefi"), cpu=CPUS[platform.machine]).success()


def test_the_tables_map_the_rows_and_the_direct_map_and_nothing_else(platform, tmp_path):
    """Rules: H2, M12, M18, P6, P7"""
    conf = "kernel kernel.elf\nmodule small\nmodule large\n"
    boot_files(platform, tmp_path, kernel_files(platform, "walk", conf, small=b"x" * 100, large=b"z" * (5 << 20))).success()


@pytest.mark.platforms("aavmf")
@pytest.mark.parametrize("name", ["cpu_state", "uefi", "walk"])
def test_firmware_of_el2_is_left_for_el1(platform, tmp_path, name):
    """Rules: H1, H5, H9"""
    result = boot_files(platform, tmp_path, kernel_files(platform, name), machine_words=",virtualization=on").success()
    if name == "uefi":
        assert result.line("callable") == 0
        assert result.line("psci") == 2          # smc: SMALT_PSCI_SMC


# --- firmware that is not EDK2 ----------------------------------------------------------

U_BOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"


def u_boot(platform, tmp_path, files, append="", machine_words=""):
    """U-Boot's own UEFI: another console, file system and loader; it wants a partition."""
    image = volume.partitioned(tmp_path, volume.make_files(tmp_path, platform.machine, platform.loader, files, append))
    command = ["qemu-system-aarch64", *platform.words, "-cpu", "cortex-a57", "-m", "512M", "-nodefaults", "-display", "none",
               "-serial", "stdio", "-no-reboot", "-bios", U_BOOT, "-drive",
               f"if=none,id=volume,format=raw,snapshot=on,file={image}", "-device", "virtio-blk-device,drive=volume"]
    command[command.index("virt")] += ",acpi=off" + machine_words
    return guest.run(platform.machine, command, 60)


@pytest.mark.platforms("aavmf")
@pytest.mark.parametrize("el2", ["", ",virtualization=on"], ids=["el1", "el2"])
def test_u_boot_boots_kernels_too(platform, tmp_path, el2):
    """Rules: H2, H3, H9"""
    conf = "kernel kernel.elf\nmodule data\n"
    result = u_boot(platform, tmp_path, kernel_files(platform, "uefi", conf, data=bytes(1 << 20)), machine_words=el2).success()
    assert result.line("copied_bytes") == 0 and result.line("devicetree_bytes") > 1000


@pytest.mark.platforms("aavmf")
def test_u_boot_reads_a_refusal_once(platform, tmp_path):
    """Rules: M20"""
    result = u_boot(platform, tmp_path, kernel_files(platform, "uefi", "kernel no.elf\n"))
    result.expect(125, r'^smalt: smalt\.conf:1:8: kernel: "no\.elf": NOT_FOUND.*root of its volume')
    assert result.output.count("smalt: ") == 1


# --- devices ----------------------------------------------------------------------------


@pytest.mark.platforms("aavmf")
@pytest.mark.parametrize("acpi", ["on", "off"])
def test_console_and_psci_are_found_with_acpi_and_with_a_devicetree(platform, tmp_path, acpi):
    """Rules: H8, H10"""
    result = boot_files(platform, tmp_path, kernel_files(platform, "uefi"), machine_words=f",acpi={acpi}").success()
    assert (result.line("acpi") != 0) == (acpi == "on")
    assert (result.line("devicetree_bytes") != 0) == (acpi == "off")
    assert result.line("psci") == 1              # hvc: SMALT_PSCI_HVC


# --- what the kernel gets -------------------------------------------------------------


def test_the_handoff_has_what_the_firmware_tells(platform, tmp_path):
    """Rules: H2, H3, H8, H9, H10"""
    before = int(time.time())
    result = boot_files(platform, tmp_path, kernel_files(platform, "uefi"), extra=("-device", "virtio-rng-pci")).success()
    assert result.line("entropy_source") == 4 and result.line("entropy_bytes") == 64
    assert result.line("entropy") not in (0, 0xaaaaaaaaaaaaaaaa)
    assert before - 2 <= result.line("wall_clock") <= time.time() + 2
    assert result.line("callable") == 1
    assert result.line("efi_attributes") > 5
    (tmp_path / "again").mkdir()
    again = boot_files(platform, tmp_path / "again", kernel_files(platform, "uefi"), extra=("-device", "virtio-rng-pci"))
    assert again.line("entropy") != result.line("entropy")


def test_segments_are_read_straight_into_their_frames(platform, tmp_path):
    """Rules: S11, P2"""
    result = boot_files(platform, tmp_path, kernel_files(platform, "uefi")).success()
    headers = subprocess.run(["readelf", "-lW", guest.build("uefi", platform.machine)], stdout=subprocess.PIPE,
                             text=True, check=True).stdout
    loads = [int(line.split()[4], 16) for line in headers.splitlines() if line.split()[:1] == ["LOAD"]]
    assert result.line("read_bytes") == sum(loads)
    assert result.line("copied_bytes") == 0


def test_runtime_services_can_be_called_where_they_are_mapped(platform, tmp_path):
    """Rules: H9"""
    files = kernel_files(platform, "uefi", "kernel kernel.elf\nefi_runtime identity\ncmdline time\n")
    assert boot_files(platform, tmp_path, files).success().line("year") == time.gmtime().tm_year


SCREENS = {"x86_64": ("VGA",), "aarch64": ("ramfb",)}


def test_the_framebuffer_is_the_screen(platform, tmp_path):
    """Rules: H8, P3"""
    image = volume.make_files(tmp_path, platform.machine, platform.loader, kernel_files(platform, "uefi", defines=("WAIT",)))
    with monitor.attached(platform, ["-drive", f"if=none,id=volume,format=raw,readonly=on,file={image}", "-device",
                                     "virtio-blk-pci,drive=volume", "-device", SCREENS[platform.machine][0]],
                          until="DRAWN") as machine:
        width, height, pixels = screen(machine, tmp_path)
    assert (width, height) == (machine_line(machine, "width"), machine_line(machine, "height"))
    middle = pixels[(height // 2) * width:(height // 2 + 1) * width]
    assert middle[10] == (255, 0, 0) and middle[width // 2] == (0, 255, 0) and middle[width - 10] == (0, 0, 255)


def machine_line(machine, name):
    return int(re.search(rf"^{name} (0x\w+)$", machine.output, re.M)[1], 16)


def screen(machine, folder):
    """(width, height, [(red, green, blue)]) of what QEMU shows."""
    machine.command("screendump", filename=str(folder / "screen.ppm"))
    data = (folder / "screen.ppm").read_bytes()
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    width, height = int(head[1]), int(head[2])
    body = data[head.end():]
    return width, height, [tuple(body[i:i + 3]) for i in range(0, 3 * width * height, 3)]


def test_a_refusal_is_read_on_the_screen_too(platform, tmp_path):
    """Rules: M20"""
    image = volume.make_files(tmp_path, platform.machine, platform.loader, kernel_files(platform, "cmdline", "kernel no.elf\n"),
                              cmdline=None)
    with monitor.attached(platform, ["-drive", f"if=none,id=volume,format=raw,readonly=on,file={image}", "-device",
                                     "virtio-blk-pci,drive=volume", "-device", SCREENS[platform.machine][0]],
                          until=re.compile(r"^smalt: .*NOT_FOUND.*$", re.M)) as machine:
        assert len(re.findall(r"smalt: ", machine.output)) == 1          # once on serial, although both are one console
        _, _, pixels = screen(machine, tmp_path)
    assert any(pixel != pixels[0] for pixel in pixels)

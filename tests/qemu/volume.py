# SPDX-License-Identifier: BSD-2-Clause
"""volume.py: a boot archive as UEFI gets it: its files in the root of a FAT volume, made by mtools.

The host command shows QEMU a folder, with everything beside the loader; here it
is a disk image and the root. So both of the loader's places are looked at.
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

BOOT_FILES = {"x86_64": "BOOTX64.EFI", "aarch64": "BOOTAA64.EFI"}
MKFS = "/usr/sbin/mkfs.vfat"
LEAST = 8 << 20


def unpack(archive):
    """The {name: bytes} of a newc archive (cpio(5)), without folders."""
    files, at = {}, 0
    while True:
        assert archive[at:at + 6] == b"070701", f"no newc header at {at:#x}"
        fields = [int(archive[at + 6 + 8 * n:at + 14 + 8 * n], 16) for n in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[at + 110:at + 110 + name_size].split(b"\0")[0].decode()
        if name == "TRAILER!!!":
            return files
        data = at + 110 + name_size
        data += -data % 4
        if mode & 0o170000 == 0o100000:
            files[name] = archive[data:data + size]
        at = data + size
        at += -at % 4


def files_of(initrd):
    """What lies on the volume for these bytes: an archive, a bare kernel, or nothing."""
    if initrd is None:
        return {}
    if initrd[:5] == b"07070":
        return unpack(initrd)
    return {"smalt.conf": b"kernel kernel.elf\n", "kernel.elf": initrd}


def make(folder, machine, loader, initrd, append):
    """The image of a disk that the machine's firmware boots from, with an archive's files, in folder."""
    return make_files(folder, machine, loader, files_of(initrd), append)


def make_files(folder, machine, loader, files, append="", fat=None, place=None, cmdline="smalt.refused=exit"):
    """The same with these files. place: of the loader; cmdline None: there is no smalt.cmdline."""
    files = {**files, place or f"EFI/BOOT/{BOOT_FILES[machine]}": loader.read_bytes()}
    if cmdline is not None:
        files["smalt.cmdline"] = f"{cmdline} {append}".encode()
    image, tree = empty(folder, sum(len(data) + 65536 for data in files.values()) * 33 // 32, fat), folder / "tree"
    for name, data in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    command(["mcopy", "-s", "-i", image, *sorted(tree.iterdir()), "::"])
    return image


def empty(folder, size, fat=None):
    """A file system for so many bytes; FAT32 has 65,525 clusters at least."""
    size += LEAST if fat != 32 else 64 << 20
    command([MKFS, "-C", *(["-F", str(fat), "-s", "1"] if fat else []), folder / "volume", str(size >> 10)])
    return folder / "volume"


def partitioned(folder, image):
    """A disk with an MBR whose one partition, of type EFI system, is this file system."""
    data, disk = image.read_bytes(), folder / "disk"
    sector = bytearray(512)
    sector[446:462] = struct.pack("<8B2I", 0x80, 0, 2, 0, 0xef, 0, 0, 0, 2048, len(data) // 512)
    sector[510:] = b"\x55\xaa"
    disk.write_bytes(bytes(sector).ljust(2048 * 512, b"\0") + data + bytes(1 << 20))
    return disk


def make_fragmented(folder, machine, loader, files, scattered):
    """Files that lie in many pieces: the free clusters are every other one of a full file system."""
    image = make_files(folder, machine, loader, files)
    free = int(re.search(r"([\d ]+) bytes free", output(["mdir", "-i", image, "::"]))[1].replace(" ", ""))
    (folder / "filler").write_bytes(b"x" * 4096)
    for i in range(free // 4096 - 64):
        shutil.copy(folder / "filler", folder / "tree" / f"f{i}")
    fillers = [folder / "tree" / f"f{i}" for i in range(free // 4096 - 64)]
    command(["mmd", "-i", image, "::fill"])
    command(["mcopy", "-i", image, *fillers, "::fill"])
    command(["mdel", "-i", image, *(f"::fill/f{i}" for i in range(0, len(fillers), 2))])
    for name, data in scattered.items():
        (folder / name).write_bytes(data)
        command(["mcopy", "-i", image, folder / name, f"::{name}"])
        clusters = output(["mshowfat", "-i", image, f"::{name}"])
        assert clusters.count("<") > 20, f"not fragmented: {clusters}"
    return image


def application(machine, name):
    """A small EFI application of tests/guests/efi, linked by other tools than the loader."""
    out = guest_build() / machine / f"{name}.efi"
    out.parent.mkdir(parents=True, exist_ok=True)
    sysroot = TOP / os.environ.get("O", "build") / "sysroot" / "usr" / "include" / "efi"
    command(["clang", "-target", f"{machine}-unknown-windows", "-ffreestanding", "-fno-stack-protector", "-fshort-wchar",
             "-mgeneral-regs-only", *(["-mno-red-zone"] if machine == "x86_64" else []), "-DGNU_EFI_USE_MS_ABI", "-O2",
             "-isystem", sysroot, "-isystem", sysroot / machine,
             "-c", TOP / "tests" / "guests" / "efi" / f"{name}.c", "-o", out.with_suffix(".obj")])
    command(["lld-link", "/subsystem:efi_application", "/entry:efi_main", "/nodefaultlib",
             f"/machine:{'x64' if machine == 'x86_64' else 'arm64'}", f"/out:{out}", out.with_suffix(".obj")])
    return out.read_bytes()


def guest_build():
    return TOP / os.environ.get("O", "build") / "guests"


OBJCOPY = {"x86_64": "x86_64-linux-gnu-objcopy", "aarch64": "aarch64-linux-gnu-objcopy"}


def with_sections(loader, machine, folder, sections):
    """The loader with more sections, as people append them: by objcopy, behind everything."""
    image = folder / "with_sections.efi"
    image.write_bytes(loader.read_bytes())
    for name, data in sections.items():
        (folder / name).write_bytes(data)
        before = image.read_bytes()
        size_of_image, = struct.unpack_from("<I", before, struct.unpack_from("<I", before, 0x3c)[0] + 24 + 56)
        command([OBJCOPY[machine], "--add-section", f"{name}={folder / name}", "--change-section-vma", f"{name}={size_of_image:#x}", image])
    return image


def output(words):
    done = subprocess.run([str(word) for word in words], env={**os.environ, "MTOOLS_SKIP_CHECK": "1"},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def command(words):
    done = subprocess.run([str(word) for word in words], env={**os.environ, "MTOOLS_SKIP_CHECK": "1"},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout

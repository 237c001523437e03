# SPDX-License-Identifier: BSD-2-Clause
"""volume.py: a boot archive as UEFI gets it: its files in the root of a FAT volume, made by mtools.

The host command shows QEMU a folder, with everything beside the loader; here it
is a disk image and the root. So both of the loader's places are looked at.
"""
import os
import subprocess

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
    """The image of a disk that the machine's firmware boots from, in folder."""
    image, tree = folder / "volume", folder / "tree"
    files = files_of(initrd) | {f"EFI/BOOT/{BOOT_FILES[machine]}": loader.read_bytes(),
                                "smalt.cmdline": f"smalt.refused=exit {append}".encode()}
    for name, data in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    size = LEAST + sum(len(data) + 65536 for data in files.values()) * 33 // 32
    command([MKFS, "-C", image, str(size >> 10)])
    command(["mcopy", "-s", "-i", image, *sorted(tree.iterdir()), "::"])
    return image


def command(words):
    done = subprocess.run([str(word) for word in words], env={**os.environ, "MTOOLS_SKIP_CHECK": "1"},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout

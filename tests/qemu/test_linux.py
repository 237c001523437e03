# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that others wrote: Debian's own Linux, by the protocol of its machine."""
import lzma
import struct
import subprocess

import guest
import newc
import pytest

SCRIPT = """
/bin/busybox mount -t proc proc /proc
echo "cmdline: $(/bin/busybox cat /proc/cmdline)"
echo "machine: $(/bin/busybox uname -m) release: $(/bin/busybox uname -r)"
echo "smalt booted Linux"
/bin/busybox poweroff -f
"""
CONSOLE = {"x86_64": "console=ttyS0", "aarch64": "console=ttyAMA0"}
# Signing pointers takes QEMU longer than all the rest of a boot of Linux.
CPU = {"x86_64": "max", "aarch64": "cortex-a72"}
# microvm, whose clock Linux cannot calibrate under TCG; EL2.
OTHER = {"x86_64": ["--qemu", "-machine", "--qemu", "microvm,acpi=on", "--append",
                    "+= tsc_early_khz=2500000 clocksource=jiffies lpj=5000000 no_timer_check"],
         "aarch64": ["--qemu", "-machine", "--qemu", "virt,virtualization=on"]}


def vmlinux(bzimage):
    """The ELF in a bzImage: Linux Documentation/x86/boot.rst, payload_offset and payload_length."""
    assert bzimage[0x202:0x206] == b"HdrS"
    setup_sectors = bzimage[0x1f1] or 4
    offset, length = struct.unpack_from("<II", bzimage, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    return lzma.decompress(bzimage[start:start + length - 4])


@pytest.fixture(scope="module")
def linux(machine):
    """(kernel, initramfs) from Debian's packages."""
    payload = guest.BUILD / "payload" / machine
    kernel = (payload / "vmlinuz").read_bytes()
    return (vmlinux(kernel) if machine == "x86_64" else kernel,
            newc.initramfs((payload / "busybox").read_bytes(), SCRIPT))


def boot(smalt, linux, machine, folder, *options):
    kernel, root = linux
    folder.joinpath("boot.cpio").write_bytes(guest.archive({
        "smalt.conf": f'kernel linux\nmodule root\ncmdline "{CONSOLE[machine]} panic=-1 from=smalt"\n'.encode(),
        "linux": kernel, "root": root}))
    return subprocess.run([smalt, "run", folder / "boot.cpio", "--ram", "1G", "--timeout", "180",
                           "--qemu", "-cpu", "--qemu", CPU[machine],
                           "--expect", "smalt booted Linux", *options],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")


def test_debians_linux_boots_to_its_initramfs(smalt, linux, machine, tmp_path):
    """Rules: M21, H3"""
    done = boot(smalt, linux, machine, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert f"machine: {machine}" in done.stdout
    assert "from=smalt" in done.stdout


def test_debians_linux_boots_on_the_machines_other_platform(smalt, linux, machine, tmp_path):
    """Rules: M21"""
    done = boot(smalt, linux, machine, tmp_path, *OTHER[machine])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_debians_linux_boots_by_uefi(smalt, linux, machine, tmp_path):
    """Rules: M21, H3"""
    done = boot(smalt, linux, machine, tmp_path, "--uefi")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "from=smalt" in done.stdout

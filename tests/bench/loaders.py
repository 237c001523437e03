# SPDX-License-Identifier: BSD-2-Clause
"""loaders.py: Smalt's EFI image beside GRUB and systemd-boot, each with a kernel of the same sizes."""
import pathlib
import re
import tempfile

import uefi
from payload import MARK, Payloads, entry_of
from symbols import command

SIZES = ((1, 1), (16, 1), (64, 1), (1, 256))  # MiB of file, MiB of bss
LIMIT_TOTAL = 2.5  # million instructions for the first of them
LIMIT_MIB = 0.2    # for each further MiB of file
BOOTS = 3          # of each kernel

# The file that firmware starts, where the kernel is linked, what else is measured there.
MACHINES = {
    "x86_64": ("BOOTX64.EFI", 0xffffffff80200000, ("grub", "systemd_boot")),
    "aarch64": ("BOOTAA64.EFI", 0xffff800000200000, ("systemd_boot",)),
}
GRUB_MODULES = ("fat", "normal", "configfile", "multiboot2", "boot")


class Loaders:
    """What a volume holds for each loader: (image, {name: file or text}, how the kernel begins)."""

    def __init__(self, build, machine):
        self.build, self.machine = build, machine
        boot, self.base, self.others = MACHINES[machine]
        self.image = build / machine / boot
        self.systemd = build / "systemd-boot" / machine / "systemd-boot.efi"

    def smalt(self, payloads, *sizes):
        kernel = payloads.kernel(*sizes, self.base)
        return self.image, {"smalt.conf": "kernel kernel.elf\n", "kernel.elf": kernel}, entry_of(kernel)

    def grub(self, payloads, *sizes):
        """With no more modules than it needs, and no menu."""
        image = payloads.folder / "grub.efi"
        command("grub-mkimage", "-O", f"{self.machine}-efi", "-p", "/", "-o", image, *GRUB_MODULES)
        files = {"grub.cfg": "set timeout=0\nmultiboot2 /kernel.elf\nboot\n", "kernel.elf": payloads.multiboot2(*sizes)}
        return image, files, MARK[self.machine]

    def systemd_boot(self, payloads, *sizes):
        files = {"loader/loader.conf": "timeout 0\n",
                 "loader/entries/kernel.conf": "title kernel\nefi /kernel.efi\n",
                 "kernel.efi": payloads.pe(*sizes)}
        return self.systemd, files, MARK[self.machine]

    def version(self, name):
        """Of the packages that are measured, not of those we hope for."""
        if name == "grub":
            return "GRUB " + command("grub-mkimage", "--version").split()[-1]
        if name == "systemd_boot":
            return re.search(rb"LoaderInfo: ([^#]*?) ####", self.systemd.read_bytes())[1].decode()
        return name


def boot(loaders, name, sizes):
    """(Count, Image) of the cheapest of some boots: what a host that is busy adds, firmware's waiting, is noise."""
    with tempfile.TemporaryDirectory(dir=loaders.build / "bench") as temporary:
        folder = pathlib.Path(temporary)
        path, files, until = getattr(loaders, name)(Payloads(loaders.machine, folder), *sizes)
        image = uefi.Image(path)
        plugin = loaders.build / "plugin/count.so"
        counts = [uefi.count(plugin, folder, image, files, until) for _ in range(BOOTS)]
        return min(counts, key=lambda counted: counted.total), image


def row(loaders, name, results):
    """Prints the numbers of one loader; (of the first size, of each further MiB of file)."""
    totals = [counted.total / 1e6 for counted, image in results]
    slope = (totals[2] - totals[0]) / (SIZES[2][0] - SIZES[0][0])
    numbers = "".join(f"{number:10.4f}" for number in (*totals, slope))
    print(f"{loaders.machine:8} {loaders.version(name):32}{numbers}", flush=True)
    return totals[0], slope


def judge(loaders, total, slope):
    """Prints whether Smalt keeps its limits; how many it does not."""
    over = 0
    for what, number, limit in (("1 MiB of file, 1 MiB of bss", total, LIMIT_TOTAL),
                                ("each further MiB of file", slope, LIMIT_MIB)):
        over += number > limit
        print(f"{loaders.machine:8} smalt, {what:32} limit {limit:g}M: {'OVER' if number > limit else 'kept'}")
    return over


def smalt(loaders, profile):
    """Prints Smalt's numbers; how many are above their limit."""
    if not loaders.image.exists():
        print(f"{loaders.machine:8} smalt: there is no {loaders.image}")
        return 1
    results = [boot(loaders, "smalt", sizes) for sizes in SIZES]
    over = judge(loaders, *row(loaders, "smalt", results))
    for (counted, image), sizes in ((results[0], SIZES[0]), (results[2], SIZES[2])) if profile else ():
        print(f"{loaders.machine:8} smalt, {sizes[0]} MiB of file, {sizes[1]} MiB of bss:")
        uefi.profile(counted, image, loaders.build / loaders.machine / "efi/smalt.elf")
    return over


def table(build, machine, profile):
    """Prints a machine's table; how many of Smalt's numbers are above their limit."""
    loaders = Loaders(build, machine)
    heads = [f"{file_mib}/{bss_mib}" for file_mib, bss_mib in SIZES] + ["per MiB"]
    print(f"{machine:8} {'UEFI: M, by MiB of file/of bss':32}" + "".join(f"{head:>10}" for head in heads), flush=True)
    over = smalt(loaders, profile)
    for name in loaders.others:
        row(loaders, name, [boot(loaders, name, sizes) for sizes in SIZES])
    return over

# SPDX-License-Identifier: BSD-2-Clause
"""bench.py [--profile] BUILD MACHINE...: guest instructions from the loader's first to the kernel's first.

All numbers of a table come from one run under TCG, with kernels that differ in one
size only, so that their differences mean something: first those of direct boot, which
repeats to the instruction, then leaves and tables, misses of a modelled cache, and
at last UEFI, beside other loaders. They do not depend on the host. Exits 1 if a number is above its limit. --profile adds the
loader's most expensive functions.
"""
import itertools
import json
import pathlib
import sys
import tempfile

import loaders
import misses
import symbols
from payload import MIB, Payloads, entry_of
from symbols import command

RAM = "2G"

# How QEMU starts the loader, at which address its first instruction is then (None: the
# ELF's entry), where the kernel is linked, what a byte of bss may cost.
MACHINES = {
    "x86_64": ("smalt.elf", None, 0xffffffff80200000, 0.13, ["-machine", "q35", "-cpu", "max"]),
    "aarch64": ("smalt.img", 0x40200000, 0xffff800000200000, 0.035, ["-machine", "virt", "-cpu", "max"]),
}
LIMIT_TOTAL = 0.5  # million instructions for 1 MiB of file and 1 MiB of bss; the aim is 0.35
AIM_TOTAL = 0.35
LIMIT_MODULE = 0.01  # of a module's bytes, nearly all of them read-only data
LIMIT_COLORS = 1.1   # of what the same boot costs without colors
LIMIT_LEAVES = 1     # of the fewest that there can be


class Bench:
    """One machine's loader and the kernels made for it, in a folder of its own."""

    def __init__(self, build, machine, folder):
        self.build, self.machine, self.folder = build, machine, folder
        loader, first, self.base, self.limit_bss, self.qemu = MACHINES[machine]
        self.loader = build / machine / loader
        self.symbols = build / machine / "smalt.elf"
        self.first = first or entry_of(self.symbols)
        self.payloads = Payloads(machine, folder)
        self.blocks = []

    def kernel(self, file_mib, bss_mib):
        return self.payloads.kernel(file_mib, bss_mib, self.base)

    def movable(self, file_mib, bss_mib):
        return self.payloads.object("movable.elf", file_mib * MIB, bss_mib * MIB, "-pie", "--no-dynamic-linker")

    def module(self, file_mib):
        return self.payloads.object("module.so", file_mib * MIB, 4096, "-shared")

    def pack(self, *files, conf=""):
        """The archive of a kernel and modules; more lines for smalt.conf."""
        archive = self.folder / "boot.cpio"
        words = []
        if conf:
            path = self.folder / "smalt.conf"
            path.write_text(f"{conf}\nkernel {files[0].name}\n")
            words = ["--conf", path]
        command(self.build / "smalt", "pack", "-o", archive, *words, *files)
        return archive

    def plan(self, archive):
        return json.loads(command(self.build / "smalt", "plan", "--json", "--ram", RAM, "--archive", archive))

    def count(self, *files, conf=""):
        """Million instructions of a boot."""
        archive, out = self.pack(*files, conf=conf), self.folder / "count"
        out.unlink(missing_ok=True)
        plan = self.plan(archive)
        plugin = f"{self.build}/plugin/count.so,from={self.first:#x},to={plan['entry']},out={out}"
        command(f"qemu-system-{self.machine}", *self.qemu, "-m", RAM, "-nodefaults", "-display", "none",
                "-no-reboot", "-kernel", self.loader, "-initrd", archive, "-plugin", plugin)
        counted = symbols.Count(out.read_text())
        self.blocks = counted.blocks
        return counted.total / 1e6


def print_functions(bench):
    """The dearest functions of the last boot. The loader moves itself while it runs."""
    known = symbols.Symbols(bench.symbols)
    deltas = [0, bench.first - known.first] + symbols.agreed(known, bench.blocks, 2)
    for own, outside, name in symbols.functions(known, bench.blocks, deltas)[:12]:
        print(f"    {own / 1e6:9.4f} M  {name}")


def measure(bench, profile):
    """(what, number, unit, limit or None), one after another, as they are known."""
    def boot(*files, **how):
        count = bench.count(*files, **how)
        if profile:
            print_functions(bench)
        return count

    base = boot(bench.kernel(1, 1))
    yield "1 MiB of file, 1 MiB of bss", base, "M", LIMIT_TOTAL
    yield "times the same with color off", base / boot(bench.kernel(1, 1), conf="color off"), "", LIMIT_COLORS
    yield "the same, position independent", boot(bench.movable(1, 1)), "M", LIMIT_TOTAL
    bss = (boot(bench.kernel(1, 257)) - base) / 256
    yield "each byte of bss", bss * 1e6 / MIB, "", bench.limit_bss
    large = boot(bench.kernel(257, 1))
    yield "each MiB of file from 1 to 257", (large - base) / 256, "M", None
    kernel = bench.kernel(1, 1)
    module = boot(kernel, bench.module(256)) - base
    yield "a module of 256 MiB", module, "M", None
    yield "of each of its bytes", module / 256 * 1e6 / MIB * 100, "%", LIMIT_MODULE * 100


def pages(bench):
    """The same of leaves and tables."""
    for file_mib, bss_mib in (1, 1), (257, 1), (1, 257):
        counts = bench.plan(bench.pack(bench.kernel(file_mib, bss_mib)))["pages"]
        leaves, what = sum(counts["leaves"].values()), f"{file_mib} MiB of file, {bss_mib} of bss"
        yield f"leaves, {what}", leaves, "", None
        yield "by the fewest there can be", leaves / counts["lower_bound"], "", LIMIT_LEAVES
        yield f"tables, {what}", counts["tables"], "", None


def main(words):
    profile = "--profile" in words
    build, *machines = [word for word in words if word != "--profile"]
    build = pathlib.Path(build).resolve()
    (build / "bench").mkdir(exist_ok=True)
    over = 0
    for machine in machines:
        with tempfile.TemporaryDirectory(dir=build / "bench") as folder:
            bench = Bench(build, machine, pathlib.Path(folder))
            for what, number, unit, limit in itertools.chain(measure(bench, profile), pages(bench)):
                over += limit is not None and number > limit
                verdict = "" if limit is None else f"  limit {limit:g}{unit}: {'OVER' if number > limit else 'kept'}"
                if limit == LIMIT_TOTAL:
                    verdict += f", aim {AIM_TOTAL:g}M: {'missed' if number > AIM_TOTAL else 'kept'}"
                print(f"{machine:8} {what:32} {number:9.4f} {unit:1}{verdict}", flush=True)
    for machine in machines:
        over += misses.table(machine)
    for machine in machines:
        over += loaders.table(build, machine, profile)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: BSD-2-Clause
"""bench.py [--profile] BUILD MACHINE...: guest instructions from the loader's first to the kernel's first.

All numbers of a table come from one run under TCG, with one loader and with
kernels that differ in one size only, so that their differences mean something.
They do not depend on the host: direct boot repeats to the instruction. Exits 1
if a number is above its limit. --profile adds the loader's most expensive functions.
"""
import bisect
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

MIB = 1 << 20
RAM = "2G"
TIMEOUT = 120  # seconds for one boot

# How QEMU starts the loader, at which address its first instruction is then (None: the
# ELF's entry), where the kernel is linked, what a byte of bss may cost.
MACHINES = {
    "x86_64": ("smalt.elf", None, 0xffffffff80200000, 0.13, ["-machine", "q35", "-cpu", "max"]),
    "aarch64": ("smalt.img", 0x40200000, 0xffff800000200000, 0.035, ["-machine", "virt", "-cpu", "max"]),
}
LIMIT_TOTAL = 0.5  # million instructions for 1 MiB of file and 1 MiB of bss; the aim is 0.35
AIM_TOTAL = 0.35
LIMIT_MODULE = 0.01  # of a module's bytes, nearly all of them read-only data

KERNEL = """
ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6); }
SECTIONS
{
	. = base;
	.text : { *(.text) } :text
	. = ALIGN(4096);
	.rodata : { BYTE(1) . += file_bytes - 8193; } :rodata
	.dynamic : { *(.dynamic) } :data
	.got : { *(.got .got.plt) } :data
	.data : { BYTE(1) . = ALIGN(4096); } :data
	.bss : { . += bss_bytes; } :data
	/DISCARD/ : { *(.comment .note.* .eh_frame) }
}
"""


def command(*words):
    return subprocess.run([str(word) for word in words], check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, timeout=TIMEOUT).stdout


def entry_of(elf):
    return int(re.search(r"Entry point address:\s+(0x\w+)", command("readelf", "-hW", elf))[1], 16)


class Bench:
    """One machine's loader and the kernels made for it, in a folder of its own."""

    def __init__(self, build, machine, folder):
        self.build, self.machine, self.folder = build, machine, folder
        loader, first, self.base, self.limit_bss, self.qemu = MACHINES[machine]
        self.loader = build / machine / loader
        self.symbols = build / machine / "smalt.elf"
        self.first = first or entry_of(self.symbols)
        self.profile = []
        (folder / "kernel.ld").write_text(KERNEL)
        (folder / "start.c").write_text("void _start(void);\nvoid _start(void) { for (;;) {} }\n")
        command("clang", "-target", f"{machine}-unknown-none-elf", "-O2", "-ffreestanding", "-fpie", "-c",
                folder / "start.c", "-o", folder / "start.o")

    def object(self, name, file_bytes, bss_bytes, *flags, base=0):
        elf = self.folder / name
        command("ld.lld", *flags, "-z", "max-page-size=4096", f"--defsym=base={base:#x}",
                f"--defsym=file_bytes={file_bytes:#x}", f"--defsym=bss_bytes={bss_bytes:#x}",
                "-T", self.folder / "kernel.ld", self.folder / "start.o", "-o", elf)
        return elf

    def kernel(self, file_mib, bss_mib):
        return self.object("kernel.elf", file_mib * MIB, bss_mib * MIB, "-static", base=self.base)

    def movable(self, file_mib, bss_mib):
        return self.object("movable.elf", file_mib * MIB, bss_mib * MIB, "-pie", "--no-dynamic-linker")

    def module(self, file_mib):
        return self.object("module.so", file_mib * MIB, 4096, "-shared")

    def count(self, *files):
        """Million instructions of a boot of a kernel and modules."""
        archive, out = self.folder / "boot.cpio", self.folder / "count"
        command(self.build / "smalt", "pack", "-o", archive, *files)
        out.unlink(missing_ok=True)
        plan = json.loads(command(self.build / "smalt", "plan", "--json", "--ram", RAM, "--archive", archive))
        plugin = f"{self.build}/bench/count.so,from={self.first:#x},to={plan['entry']},out={out}"
        command(f"qemu-system-{self.machine}", *self.qemu, "-m", RAM, "-nodefaults", "-display", "none",
                "-no-reboot", "-kernel", self.loader, "-initrd", archive, "-plugin", plugin)
        total, *blocks = out.read_text().splitlines()
        self.profile = [[int(word, 0) for word in line.split()] for line in blocks]
        return int(total.split()[1]) / 1e6


def functions(bench):
    """[(million instructions, function)] of the last boot.

    The loader moves itself: where to is what most blocks that begin a function agree on.
    """
    lines = (line.split() for line in command("llvm-nm", bench.symbols).splitlines())
    names = sorted((int(va, 16), name) for va, kind, name in lines if kind in "tT")
    starts = [va for va, name in names]
    by_offset = collections.defaultdict(list)
    for va in starts:
        by_offset[va & 0xfff].append(va)
    votes = collections.Counter(block[0] - va for block in bench.profile for va in by_offset[block[0] & 0xfff])
    places = [0, bench.first - starts[0]] + [delta for delta, count in votes.most_common(2)]
    cost = collections.Counter()
    for va, instructions, executions in bench.profile:
        linked = next((va - delta for delta in places if starts[0] <= va - delta < starts[-1] + 4096), None)
        name = names[bisect.bisect_right(starts, linked) - 1][1] if linked is not None else f"{va:#x}"
        cost[name] += instructions * executions
    return [(count / 1e6, name) for name, count in cost.most_common(12)]


def measure(bench, profile):
    """(what, number, unit, limit or None), one after another, as they are known."""
    def boot(*files):
        count = bench.count(*files)
        if profile:
            for much, name in functions(bench):
                print(f"    {much:9.4f} M  {name}")
        return count

    base = boot(bench.kernel(1, 1))
    yield "1 MiB of file, 1 MiB of bss", base, "M", LIMIT_TOTAL
    yield "the same, position independent", boot(bench.movable(1, 1)), "M", LIMIT_TOTAL
    bss = (boot(bench.kernel(1, 257)) - base) / 256
    yield "each byte of bss", bss * 1e6 / MIB, "", bench.limit_bss
    large = boot(bench.kernel(257, 1))
    yield "each MiB of file from 1 to 257", (large - base) / 256, "M", None
    kernel = bench.kernel(1, 1)
    module = boot(kernel, bench.module(256)) - base
    yield "a module of 256 MiB", module, "M", None
    yield "of each of its bytes", module / 256 * 1e6 / MIB * 100, "%", LIMIT_MODULE * 100


def main(words):
    profile = "--profile" in words
    build, *machines = [word for word in words if word != "--profile"]
    build = pathlib.Path(build).resolve()
    over = 0
    for machine in machines:
        with tempfile.TemporaryDirectory(dir=build / "bench") as folder:
            for what, number, unit, limit in measure(Bench(build, machine, pathlib.Path(folder)), profile):
                over += limit is not None and number > limit
                verdict = "" if limit is None else f"  limit {limit:g}{unit}: {'OVER' if number > limit else 'kept'}"
                if limit == LIMIT_TOTAL:
                    verdict += f", aim {AIM_TOTAL:g}M: {'missed' if number > AIM_TOTAL else 'kept'}"
                print(f"{machine:8} {what:32} {number:9.4f} {unit:1}{verdict}", flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: BSD-2-Clause
"""cache.py: boots guests under a model of the CPU's cache (tests/plugin/cache.c), and what it counted.

Guest-physical colors are what a loader decides; what a host's cache does with them is
unknown. So the model is of the emulated CPU's own geometry and lives inside of QEMU: it
is exact, and the same on every host.
"""
import dataclasses
import functools
import pathlib
import re
import tempfile

import guest

KIB, MIB = 1 << 10, 1 << 20
PAGE = 4096


@dataclasses.dataclass(frozen=True)
class Level:
    """One level of cache, in bytes."""
    bytes: int
    ways: int
    line: int = 64

    @property
    def sets(self):
        return self.bytes // self.ways // self.line

    @property
    def colors(self):
        return self.bytes // self.ways // PAGE

    def __str__(self):
        return f"{self.bytes}:{self.ways}:{self.line}"


@dataclasses.dataclass(frozen=True)
class Cpu:
    """A CPU of QEMU's, the platform that has it, and its caches."""
    name: str
    platform: guest.Platform
    l1: Level
    l2: Level

    @property
    def machine(self):
        return self.platform.machine


Q35, VIRT = guest.PLATFORMS["q35"], guest.PLATFORMS["virt"]

# What QEMU 7.2 says: in CPUID leaf 4 of an Intel, leaves 8000001DH and 80000006H of an AMD (target/i386/cpu.c),
# which qemu64 and max are; in CCSIDR_EL1 (target/arm/cpu64.c).
CPUS = {f"{cpu.platform.name}-{cpu.name}": cpu for cpu in (
    Cpu("qemu64", Q35, Level(64 * KIB, 2), Level(512 * KIB, 16)),
    Cpu("max", Q35, Level(64 * KIB, 2), Level(512 * KIB, 16)),
    Cpu("EPYC", Q35, Level(32 * KIB, 8), Level(512 * KIB, 8)),
    Cpu("Skylake-Client", Q35, Level(32 * KIB, 8), Level(4 * MIB, 16)),
    Cpu("cortex-a53", VIRT, Level(32 * KIB, 4), Level(1 * MIB, 16)),
    Cpu("cortex-a57", VIRT, Level(32 * KIB, 2), Level(2 * MIB, 16)),
    Cpu("cortex-a72", VIRT, Level(32 * KIB, 2), Level(1 * MIB, 16)),
    Cpu("neoverse-n1", VIRT, Level(64 * KIB, 4), Level(1 * MIB, 8)),
    Cpu("max", VIRT, Level(32 * KIB, 2), Level(2 * MIB, 16)),
)}


@dataclasses.dataclass(frozen=True)
class Count:
    """Data accesses of one class: those that miss the second level, those of them that nothing could avoid."""
    accesses: int = 0
    l1_misses: int = 0
    misses: int = 0
    cold: int = 0

    @property
    def rate(self):
        return self.misses / self.accesses


def counts_of(text):
    """{class: Count} of what the model wrote."""
    pattern = r"^class (\d+) accesses (\d+) l1_misses (\d+) misses (\d+) cold (\d+)$"
    return {number: Count(*fields) for number, *fields in
            (map(int, found) for found in re.findall(pattern, text, re.M))}


def boot(cpu, initrd, **how):
    """The Result of a boot under the model of this CPU's cache, and the Counts by class."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "counts"
        model = f"{guest.BUILD}/plugin/cache.so,l1={cpu.l1},l2={cpu.l2},out={out}"
        result = guest.boot(cpu.platform, initrd, cpu=cpu.name, extra=("-plugin", model), **how).success()
        return result, counts_of(out.read_text())


# --- what is booted ---------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Modules:
    """So many modules of one kind: how many pages of data or bss are hot, and for which leaves they are linked."""
    count: int
    pages: int
    page: int = PAGE
    bss: bool = False

    @functools.cache
    def build(self, machine):
        link = guest.Link(page=self.page, words=("-e", "module_entry"))
        defines = (f"PAGES={self.pages}", *(("BSS",) if self.bss else ()))
        files = [guest.GUESTS / "hot_module.c"]
        return guest.compile_and_link("hot_module", machine, files, link, defines).read_bytes()


def hot_archive(machine, modules, conf="", align=PAGE):
    """A kernel that sweeps over the hot pages of the modules."""
    names = [f"m{i}" for i in range(modules.count)]
    lines = [conf, *(f"module {name} role=map" for name in names)]
    kernel = guest.build("hot", machine, defines=(f"PAGES={modules.pages}",))
    return guest.kernel_archive(kernel, dict.fromkeys(names, modules.build(machine)), "\n".join(lines), align)


def sweeps(cpu, modules, **how):
    """The Result, and the Count of a hundred sweeps."""
    result, counts = boot(cpu, hot_archive(cpu.machine, modules, **how), ram=256 << 20)
    assert result.line("pages") == modules.count * modules.pages
    return result, counts[1]


def stream(cpu, pages, stream_bytes, conf=""):
    """The Result, and the Counts of a hot set: for the first time, of the module read in between, again."""
    kernel = guest.build("stream", cpu.machine, defines=(f"PAGES={pages}",))
    archive = guest.kernel_archive(kernel, {"stream": bytes(stream_bytes)}, f"{conf}\nmodule stream")
    result, counts = boot(cpu, archive, ram=256 << 20)
    assert result.line("stream") == stream_bytes
    return result, [counts[i] for i in (1, 2, 3)]

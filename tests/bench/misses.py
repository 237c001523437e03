# SPDX-License-Identifier: BSD-2-Clause
"""misses.py: what the placement of frames costs in a cache, by policy, counted by a model (../qemu/cache.py)."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "qemu"))
import cache  # noqa: E402

# A CPU of each machine whose second level has room for the hot pages, in half of its colors too.
CPUS = {"x86_64": "q35-Skylake-Client", "aarch64": "virt-max"}
MODULES = cache.Modules(24, 8, 2 * cache.MIB, bss=True)
LIMIT = 1.01                 # of the misses that nothing avoids


def policies(cpu):
    """The lower half of the colors is the kernel's, the upper one the modules'."""
    half = cpu.l2.colors // 2
    masks = f"colors.kernel 0-{half - 1}\ncolors.module {half}-{2 * half - 1}"
    return {"off": "color off", "match": "color match", "spread": "color spread", "partition": f"color partition\n{masks}"}


def line(cpu, what, number, verdict=""):
    print(f"{cpu.machine:8} {what:42} {number:9.4f} %{verdict}", flush=True)


def hot(cpu):
    """Many modules, each with some hot pages; how many policies that shall keep all of them do not."""
    over = 0
    for name, conf in policies(cpu).items():
        _, count = cache.sweeps(cpu, MODULES, conf=conf)
        limited = name in ("spread", "partition")
        lost = limited and count.misses > LIMIT * count.cold
        over += lost
        verdict = f"  limit {LIMIT:g} x cold: {'OVER' if lost else 'kept'}" if limited else ""
        line(cpu, f"{MODULES.count} modules x {MODULES.pages} hot pages, {name}", count.rate * 100, verdict)
    return over


def streamed(cpu):
    """The kernel's hot set, a quarter of the cache, after a module of twice the cache was read."""
    over = 0
    for name in "spread", "partition":
        _, (_, _, again) = cache.stream(cpu, cpu.l2.bytes // 4 // cache.PAGE, 2 * cpu.l2.bytes, policies(cpu)[name])
        lost = name == "partition" and again.misses != 0
        over += lost
        verdict = f"  limit 0: {'OVER' if lost else 'kept'}" if name == "partition" else ""
        line(cpu, f"hot set beside a streaming module, {name}", again.rate * 100, verdict)
    return over


def table(machine):
    """Prints a machine's misses, in percent of accesses; how many are above their limit."""
    cpu = cache.CPUS[CPUS[machine]]
    print(f"{machine:8} modelled misses of a cache of {cpu.l2.bytes >> 10}K, {cpu.l2.ways} ways:")
    return hot(cpu) + streamed(cpu)

# SPDX-License-Identifier: BSD-2-Clause
"""What the placement of frames costs in a cache, counted by a model of the CPU's own (cache.py)."""
import dataclasses

import cache
import pytest
from cache import MIB, Modules

BIG = 2 * MIB                # a leaf of all machines, and a multiple of every way
OFF, MATCH, SPREAD, PARTITION = range(4)
EACH_CPU = pytest.mark.parametrize("cpu", cache.CPUS.values(), ids=cache.CPUS)

# Modules, each with some hot pages or, for 0, with as many as a cache below 1 MiB, or else a larger one, has room for.
HOT = {
    "24xN": Modules(24, 0),
    "24xN-bss": Modules(24, 0, bss=True),
    "24xN-64K": Modules(24, 0, 64 << 10),
    "24xN-64K-bss": Modules(24, 0, 64 << 10, bss=True),
    "24xN-2M": Modules(24, 0, BIG),
    "24xN-2M-bss": Modules(24, 0, BIG, bss=True),
    "17x1": Modules(17, 1),
    "17x1-2M-bss": Modules(17, 1, BIG, bss=True),
    "24x1-2M-bss": Modules(24, 1, BIG, bss=True),
}
ALIGNED = {name: HOT[name] for name in ("24xN-2M-bss", "17x1-2M-bss", "24x1-2M-bss")}


def sweeps(cpu, modules, conf=""):
    pages = modules.pages or (8 if cpu.l2.bytes >= MIB else 4)
    return cache.sweeps(cpu, dataclasses.replace(modules, pages=pages), conf=conf)


def kept(count):
    """No more than one percent above what no placement avoids, and that is little."""
    return count.misses <= 1.01 * count.cold and count.rate < 0.01


@EACH_CPU
def test_a_color_holds_as_many_pages_as_the_cache_has_ways(cpu):
    """The model's knee, where it has to be: files that lie in place on multiples of 2 MiB have one color."""
    ways = cpu.l2.ways
    counts = [cache.sweeps(cpu, Modules(pages, 1), conf="color off", align=BIG)[1] for pages in (ways, ways + 1)]
    assert counts[0].rate < 0.03 and counts[1].rate > 0.9
    for pages, count in zip((ways, ways + 1), counts):
        assert 64 * pages <= count.cold <= 64 * pages + 4, "each line once, and the list of pages"


@pytest.mark.parametrize("modules", HOT.values(), ids=HOT)
@EACH_CPU
def test_by_default_what_is_hot_stays(cpu, modules):
    """Rules: C1, C2"""
    result, count = sweeps(cpu, modules)
    assert result.line("policy") == SPREAD
    assert [result.line(f"cache {name}") for name in ("bytes", "ways", "sets", "line")] == [
        cpu.l2.bytes, cpu.l2.ways, cpu.l2.sets, cpu.l2.line]
    assert result.line("colors") == cpu.l2.colors
    assert kept(count)


@pytest.mark.parametrize("modules", ALIGNED.values(), ids=ALIGNED)
@EACH_CPU
def test_frames_that_match_addresses_of_2_mib_lose_nearly_all(cpu, modules):
    """What spread is for: the same modules, aligned in the way that large pages suggest. Rules: C2"""
    result, count = sweeps(cpu, modules, conf="color match")
    assert result.line("policy") == MATCH
    assert count.rate > 0.9


# --- two classes ------------------------------------------------------------------


def streams(cpu, conf):
    """A kernel that keeps a quarter of the cache hot, and a module of twice the cache that it reads in between."""
    return cache.stream(cpu, cpu.l2.bytes // 4 // cache.PAGE, 2 * cpu.l2.bytes, conf)


def halves(cpu):
    """The lower half of the colors is the kernel's, the upper one the modules'."""
    half = cpu.l2.colors // 2
    low, high = f"0-{half - 1}", f"{half}-{2 * half - 1}"
    return f"colors.kernel {low}\ncolors.tables {low}\ncolors.module {high}\ncolors.free {high}"


@pytest.mark.parametrize("policy", ["partition", "partition,strict"])
@EACH_CPU
def test_under_partition_a_streaming_module_costs_the_kernel_no_miss(cpu, policy):
    """Rules: C3"""
    result, (first, stream, again) = streams(cpu, f"color {policy}\n{halves(cpu)}")
    assert result.line("policy") == PARTITION and result.line("missed mask") == 0
    assert first.misses == first.cold > 0
    assert stream.misses == stream.accesses, "it is larger than its colors"
    assert again.accesses > 0 and again.misses == 0


@EACH_CPU
def test_without_partition_it_evicts_all(cpu):
    """The same kernel and module by default, where each has all colors. Rules: C3"""
    result, (_, stream, again) = streams(cpu, "")
    assert result.line("policy") == SPREAD
    assert stream.misses == stream.accesses
    assert again.misses == again.accesses

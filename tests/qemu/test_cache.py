# SPDX-License-Identifier: BSD-2-Clause
"""What the placement of frames costs in a cache, counted by a model of the CPU's own."""
import cache
import pytest

BIG = 2 << 20                # a leaf of all machines, and a multiple of every way
EACH_CPU = pytest.mark.parametrize("cpu", cache.CPUS.values(), ids=cache.CPUS)


def sweeps(cpu, modules, pages, **how):
    """The Count of a hundred sweeps over the hot pages."""
    result, counts = cache.boot(cpu, cache.hot_archive(cpu.machine, modules, pages, **how), ram=256 << 20)
    assert result.line("pages") == modules * pages
    return counts[1]


@EACH_CPU
def test_a_color_holds_as_many_pages_as_the_cache_has_ways(cpu):
    """The model's knee, where it has to be: files that lie in place on multiples of 2 MiB have one color."""
    kept, lost = (sweeps(cpu, modules, 1, align=BIG) for modules in (cpu.l2.ways, cpu.l2.ways + 1))
    assert kept.rate < 0.03 and lost.rate > 0.9
    for count, pages in (kept, cpu.l2.ways), (lost, cpu.l2.ways + 1):
        assert 64 * pages <= count.cold <= 64 * pages + 4, "each line once, and the list of pages"

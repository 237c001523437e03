# SPDX-License-Identifier: BSD-2-Clause
"""The laws of colors (tests/guests/laws.c) under every policy, for objects of every kind."""
import guest
import pytest
from cache import MIB, Modules

pytestmark = guest.ALL

COLORS = {"x86_64": 8, "aarch64": 32}    # of the CPU max

OFF, MATCH, SPREAD, PARTITION = range(4)
POLICIES = {"off": OFF, "match": MATCH, "spread": SPREAD, "partition": PARTITION, "partition,strict": PARTITION}

# Of which eighths of the colors a class is.
MASKS = {"kernel": (0, 1), "module": (2, 3, 6), "tables": (4,), "module.raw": (5,), "free": (7,)}


def masks(machine):
    eighth = COLORS[machine] // 8
    ranges = {name: ",".join(f"{i * eighth}-{(i + 1) * eighth - 1}" for i in parts) for name, parts in MASKS.items()}
    return "".join(f"colors.{name} {numbers}\n" for name, numbers in ranges.items())


def modules(machine):
    """Data and bss linked for small and large leaves, instances, raw bytes; and the lines of smalt.conf."""
    files = {
        "data": Modules(1, 20).build(machine), "large": Modules(1, 20, 2 * MIB).build(machine),
        "bss": Modules(1, 40, 64 << 10, bss=True).build(machine), "raw": b"r" * 300001, "tiny": b"t",
    }
    return files, "module data role=map\nmodule large role=map\nmodule bss role=map instances=3\nmodule raw\nmodule tiny"


@pytest.mark.parametrize("policy", POLICIES)
def test_counts_masks_and_colors_are_what_the_memory_map_says(platform, policy):
    """Rules: C2, C3, C4, C5"""
    files, lines = modules(platform.machine)
    conf = f"color {policy}\n{masks(platform.machine)}{lines}"
    result = guest.boot_guest(platform, "lawful", modules=files, conf=conf).success()
    assert result.line("policy") == POLICIES[policy] and result.line("objects") == 8
    assert result.line("colors") == (COLORS[platform.machine] if policy != "off" else 1)
    assert result.line("missed mask") == 0


def test_with_all_colors_for_everybody_a_partition_misses_none(platform):
    """Rules: C3"""
    files, lines = modules(platform.machine)
    result = guest.boot_guest(platform, "lawful", modules=files, conf=f"color partition\n{lines}").success()
    assert result.line("policy") == PARTITION and result.line("missed mask") == 0

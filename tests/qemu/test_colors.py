# SPDX-License-Identifier: BSD-2-Clause
"""The cache that gives colors: what real words of many processors make of it, up to the handoff."""
import struct

import fdt
import guest
import pytest

CONFIG, DEVICETREE, CPUID, CCSIDR = 1, 2, 3, 4             # SMALT_CACHE_FROM_*
HYPERVISOR, CPU, FIRMWARE, CONFIGURED = 1, 2, 3, 4         # SMALT_CACHE_TRUST_*
NONE = {"level": 0, "size": 0, "ways": 0, "sets": 0, "line": 0, "source": 0, "trust": 0}
K, M = 1 << 10, 1 << 20


def cache(level, size, ways, line, source, trust):
    return {"level": level, "size": size, "ways": ways, "sets": size // ways // line, "line": line,
            "source": source, "trust": trust}


def boot(platform, expected, colors, **how):
    """The cache in the handoff, and its colors."""
    result = guest.boot_guest(platform, "colors", **how).success()
    assert {key: result.line(key) for key in expected} == expected
    assert result.line("count") == colors


# Of color.md's table what QEMU has: size, ways, line of level 2, and colors of 4 KiB.
CPUS = {
    "cortex-a53": (M, 16, 64, 16), "cortex-a57": (2 * M, 16, 64, 32), "cortex-a72": (M, 16, 64, 16),
    "cortex-a76": (512 * K, 8, 64, 16), "neoverse-n1": (M, 8, 64, 32), "max": (2 * M, 16, 64, 32),
    "a64fx": (8 * M, 16, 256, 64),                         # 128, folded
}
# Lists of leaf 4 and of 8000001DH have a level 3 that is complex; qemu64, max, EPYC have no list.
X86_CPUS = {
    "qemu64": (512 * K, 16, 64, 8), "max": (512 * K, 16, 64, 8), "EPYC": (512 * K, 8, 64, 16),
    "EPYC,x-force-features=on": (512 * K, 8, 64, 16), "Skylake-Server-v4": (4 * M, 16, 64, 64),
    "qemu64,x-vendor-cpuid-only=off": (4 * M, 16, 64, 64),
}


@pytest.mark.platforms("virt")
@pytest.mark.parametrize("cpu", CPUS)
def test_ccsidr_gives_the_level_2_of_the_core(platform, cpu):
    """Rules: C1"""
    size, ways, line, colors = CPUS[cpu]
    words = ",gic-version=3" if cpu == "a64fx" else ""
    boot(platform, cache(2, size, ways, line, CCSIDR, HYPERVISOR), colors, cpu=cpu, machine_words=words)


@pytest.mark.platforms("q35")
@pytest.mark.parametrize("cpu", X86_CPUS)
def test_cpuid_gives_the_last_level_that_is_not_complex(platform, cpu):
    """Rules: C1"""
    size, ways, line, colors = X86_CPUS[cpu]
    boot(platform, cache(2, size, ways, line, CPUID, HYPERVISOR), colors, cpu=cpu)


@pytest.mark.platforms("q35")
def test_a_processor_that_says_nothing_gives_no_colors(platform):
    """Rules: C1"""
    boot(platform, NONE, 1, cpu="max,level=3,xlevel=0x80000005")


@guest.ALL
def test_every_path_knows_the_cache_and_whom_to_trust(platform):
    """Rules: C1"""
    size, ways, line, colors = {"x86_64": X86_CPUS, "aarch64": CPUS}[platform.machine]["max"]
    source = {"x86_64": CPUID, "aarch64": CCSIDR}[platform.machine]
    trust = CPU if platform.name == "virt-el2" else HYPERVISOR
    boot(platform, cache(2, size, ways, line, source, trust), colors)


@pytest.mark.platforms("q35")
def test_without_the_bit_of_a_hypervisor_the_processor_is_trusted(platform):
    """Rules: C1"""
    boot(platform, cache(2, 512 * K, 16, 64, CPUID, CPU), 8, cpu="max,-hypervisor")


@guest.EACH_MACHINE
def test_a_configured_cache_wins(platform):
    """Rules: C1"""
    conf = "llc_size 3M\nllc_ways 12\nllc_line 64"
    boot(platform, cache(0, 3 * M, 12, 64, CONFIG, CONFIGURED), 64, conf=conf)
    boot(platform, cache(0, 3 * M, 24, 64, CONFIG, CONFIGURED), 32, conf=conf, append="smalt.llc_ways=24")


@guest.EACH_MACHINE
def test_a_level_is_taken_or_there_are_no_colors(platform):
    """Rules: C1"""
    if platform.machine == "aarch64":
        boot(platform, cache(1, 32 * K, 2, 64, CCSIDR, HYPERVISOR), 4, conf="color_level l1")
    boot(platform, NONE, 1, conf="color_level l3")


@guest.EACH_MACHINE
@pytest.mark.parametrize("words, line", [
    ("smalt.llc_size=1M smalt.llc_ways=16", "llc_line is missing"),
    ("smalt.llc_size=832K smalt.llc_ways=16 smalt.llc_line=64", "llc_size: 0xd0000 > 0x400"),
    ("smalt.llc_size=32K smalt.llc_ways=16 smalt.llc_line=64", "llc_size / llc_ways: 0x800 < 0x1000"),
    ("smalt.llc_line=48", r'command line:1:1: llc_line: "48"'),
], ids=["one-is-missing", "sets", "way", "line"])
def test_a_cache_that_cannot_be_is_refused_in_one_line(platform, words, line):
    """Rules: C1, M20"""
    result = guest.boot_guest(platform, "colors", append=words)
    result.expect(125, rf"^smalt: {line}: BAD_CONFIG, .* \(.*\)$")
    assert len(result.own_lines()) == 1


def put_cache(tree, name, level, size, sets, line):
    tree.begin(name)
    tree.prop("compatible", b"cache\0")
    tree.prop("cache-unified")
    for key, number in (("cache-level", level), ("cache-size", size), ("cache-sets", sets), ("cache-line-size", line)):
        tree.prop(key, struct.pack(">I", number))
    tree.end()


def with_caches(platform, tmp_path, *caches):
    """QEMU's words for its tree with these nodes."""
    tree = fdt.of_machine(platform, tmp_path / "qemu.dtb")
    for number, words in enumerate(caches):
        put_cache(tree, f"cache{number}", *words)
    (tmp_path / "edited.dtb").write_bytes(tree.blob())
    return ("-dtb", str(tmp_path / "edited.dtb"))


@pytest.mark.platforms("virt", "virt-el2")
def test_the_devicetree_knows_a_level_that_the_processor_does_not(platform, tmp_path):
    """Rules: C1"""
    trust = HYPERVISOR if platform.name == "virt" else FIRMWARE
    extra = with_caches(platform, tmp_path, (3, 4 * M, 4096, 64))
    boot(platform, cache(3, 4 * M, 16, 64, DEVICETREE, trust), 64, extra=extra)


@pytest.mark.platforms("virt-el2")
def test_of_big_and_little_cores_the_smaller_way_counts(platform, tmp_path):
    """Rules: C1"""
    big, little, odd = (2, 2 * M, 2048, 64), (2, 512 * K, 512, 64), (2, 768 * K, 768, 64)
    extra = with_caches(platform, tmp_path, big, little)
    boot(platform, cache(2, 512 * K, 16, 64, DEVICETREE, FIRMWARE), 8, extra=extra)
    extra = with_caches(platform, tmp_path, big, odd)
    boot(platform, cache(1, 32 * K, 2, 64, CCSIDR, CPU), 4, extra=extra)

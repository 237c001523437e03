# SPDX-License-Identifier: BSD-2-Clause
"""Where objects go by policy, and where the random numbers come from that decide it."""
import guest
import pytest

NONE, DEVICETREE, RDRAND, RNDR = 0, 1, 2, 3     # SMALT_ENTROPY_*; QEMU's own CPUs have no RDSEED


@guest.EACH_MACHINE
def test_entropy_is_the_best_that_the_platform_has(platform):
    """Rules: H2, M13"""
    def source(cpu, words=""):
        return guest.boot_guest(platform, "pointers", cpu=cpu, machine_words=words).success().line("entropy")
    if platform.machine == "x86_64":
        assert source("max") == RDRAND and source("max,rdrand=off") == source("qemu64") == NONE
    else:
        no_seed = ",dtb-randomness=off"
        assert source("max") == source("cortex-a57") == DEVICETREE
        assert source("max", no_seed) == RNDR and source("cortex-a57", no_seed) == NONE

# SPDX-License-Identifier: BSD-2-Clause
"""aarch64 with pages of 16K and 64K: the machine as a kernel finds it is the same but for them."""
import guest
import pytest

ARM = pytest.mark.platforms("virt", "virt-el2", "aavmf")
SHIFTS = {"16K": 14, "64K": 16}
EACH = pytest.mark.parametrize("pages", SHIFTS)
MODULES = {"small": b"x" * 100, "pages": b"y" * 12288, "large": b"z" * (5 << 20)}


def boot(platform, name, pages, **how):
    append = " ".join([f"smalt.pages={pages}", *filter(None, [how.pop("append", "")])])
    shift = SHIFTS[pages]
    return guest.boot_guest(platform, name, guest.Link(page=1 << shift), (f"GRANULE={shift}",), append=append, **how)


@ARM
@EACH
@pytest.mark.parametrize("name", ["cpu_state", "own_vectors", "memory", "pointers", "interrupts_on", "no_reporter"])
def test_a_kernel_finds_the_documented_machine(platform, pages, name):
    """Rules: H1, H2, H3, H5, H8, P3"""
    boot(platform, name, pages).success()


@ARM
@EACH
def test_the_tables_map_the_rows_and_the_direct_map_and_nothing_else(platform, pages):
    """Rules: H2, M12, M18, P3, P6, P7"""
    boot(platform, "walk", pages, modules=MODULES).success()

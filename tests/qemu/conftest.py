# SPDX-License-Identifier: BSD-2-Clause
"""Tests that take `platform` run on every machine that QEMU builds for direct boot."""
import guest


def pytest_generate_tests(metafunc):
    if "platform" in metafunc.fixturenames:
        platforms = guest.PLATFORMS.values()
        metafunc.parametrize("machine,platform", [(p.machine, p) for p in platforms],
                             ids=[p.name for p in platforms], scope="session")

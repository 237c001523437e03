# SPDX-License-Identifier: BSD-2-Clause
"""What every pytest test gets: a machine, what was built, and a line in build/results.

Tests that take `machine` run once for each, those that take `platform` on each of
QEMU's machines without firmware (guest.DIRECT) or on those they are marked with. `--only host` runs
what takes neither, `--only NAME` what is one machine's: processes share the work.
"""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "qemu"))
import guest  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / os.environ.get("O", "build")
MACHINES = sorted(path.parent.name for path in TOP.glob("arch/*/arch.mk"))

# --- built things -----------------------------------------------------------------


@pytest.fixture(scope="session")
def smalt():
    """The host command, as users get it."""
    return BUILD / "smalt"


@pytest.fixture(scope="session")
def smalt_checked():
    """The host command with sanitizers: slower, for what hostile files could break."""
    return BUILD / "check" / "smalt"


@pytest.fixture
def loader(machine):
    """The machine's loader for direct boot: the flat image where there is one."""
    image = BUILD / machine / "smalt.img"
    return image if image.exists() else BUILD / machine / "smalt.elf"


# --- which tests run, and what becomes of their results -----------------------------


def pytest_addoption(parser):
    parser.addoption("--only", default="", help="host: tests without a machine; else a machine's name")


def pytest_generate_tests(metafunc):
    if "machine" in metafunc.fixturenames:
        metafunc.parametrize("machine", MACHINES, scope="session")
    if "platform" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("platforms")
        names = marker.args if marker else guest.DIRECT
        metafunc.parametrize("platform", [guest.PLATFORMS[name] for name in names], ids=names, scope="session")


def pytest_collection_modifyitems(config, items):
    only = config.getoption("only")
    if not only:
        return
    chosen, others = [], []
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        machine = next((p.machine for p in params.values() if hasattr(p, "machine")), params.get("machine", "host"))
        (chosen if machine == only else others).append(item)
    items[:] = chosen
    config.hook.pytest_deselected(items=others)


class Results:
    """Collects one word for each test: a failure in set-up or tear-down fails the test."""

    def __init__(self, path):
        self.path = path
        self.said = {}

    def pytest_runtest_logreport(self, report):
        word = {"passed": "pass", "failed": "fail", "skipped": "skip"}[report.outcome]
        if report.when == "call" or word != "pass":
            if self.said.get(report.nodeid) != "fail":
                self.said[report.nodeid] = word

    def pytest_sessionfinish(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{test}\t{word}\n" for test, word in sorted(self.said.items())]
        self.path.write_text("".join(lines))


def pytest_configure(config):
    config.addinivalue_line("markers", "platforms(names): those of QEMU's machines that the test is about")
    only = config.getoption("only")
    if not config.getoption("collectonly"):
        config.pluginmanager.register(Results(BUILD / "results" / f"pytest{only and '-'}{only}.tsv"))


def pytest_sessionfinish(session, exitstatus):
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK

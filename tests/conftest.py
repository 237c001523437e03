# SPDX-License-Identifier: BSD-2-Clause
"""What every pytest test gets: a machine, things built for it, and a line in build/results.

Tests that take `machine` run once for each; `--only host` runs those that take
none, `--only NAME` those of one machine, so that three processes share the work.
"""
import functools
import hashlib
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / os.environ.get("O", "build")
MACHINES = sorted(path.parent.name for path in TOP.glob("arch/*/arch.mk"))
CC = os.environ.get("CC", "clang")
LD = os.environ.get("LD", "ld.lld")

CFLAGS = ["-std=c17", "-O2", "-g", "-ffreestanding", "-fno-stack-protector", "-mgeneral-regs-only",
          "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror",
          "-Wno-unused-command-line-argument", f"-I{TOP}/include"]
LDFLAGS = ["-static", "-z", "separate-code", "-z", "max-page-size=4096", "--fatal-warnings"]
PIE = ["-pie", "--no-dynamic-linker", "-z", "text"]

# --- built things -----------------------------------------------------------------


@functools.cache
def build_guest(machine, sources, cflags=(), ldflags=(), pie=True):
    """Compiles and links sources (paths below the top) for machine; the ELF's path.

    pie=False gives ET_EXEC: say where in ldflags (--image-base=..., -T FILE).
    """
    cflags = CFLAGS + ["-fpie" if pie else "-fno-pic"] + list(cflags)
    ldflags = LDFLAGS + (PIE if pie else []) + list(ldflags)
    tag = hashlib.sha256(repr((sources, cflags, ldflags)).encode()).hexdigest()[:8]
    out = BUILD / machine / "guests" / f"{pathlib.Path(sources[0]).stem}-{tag}"
    out.mkdir(parents=True, exist_ok=True)
    objects = []
    for source in sources:
        objects.append(out / f"{pathlib.Path(source).name}.o")
        command([CC, "-target", f"{machine}-unknown-none-elf", *cflags, "-c", TOP / source, "-o", objects[-1]])
    elf = out / f"{pathlib.Path(sources[0]).stem}.elf"
    command([LD, *ldflags, *objects, "-o", elf])
    return elf


def command(words):
    """Runs a tool of the build; what it said is the failure."""
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, cwd=TOP,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(str(word) for word in words)}\n{done.stdout}", pytrace=False)
    return done.stdout


@pytest.fixture
def build(machine):
    """build("tests/guests/x.c", ..., cflags=(), ldflags=(), pie=True) -> path of the ELF for this machine."""
    def make(*sources, cflags=(), ldflags=(), pie=True):
        return build_guest(machine, sources, tuple(cflags), tuple(ldflags), pie)
    return make


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
    if "machine" in metafunc.fixturenames and "platform" not in metafunc.fixturenames:
        metafunc.parametrize("machine", MACHINES, scope="session")


def pytest_collection_modifyitems(config, items):
    only = config.getoption("only")
    if not only:
        return
    chosen, others = [], []
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        (chosen if params.get("machine", "host") == only else others).append(item)
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
    only = config.getoption("only")
    if not config.getoption("collectonly"):
        config.pluginmanager.register(Results(BUILD / "results" / f"pytest{only and '-'}{only}.tsv"))


def pytest_sessionfinish(session, exitstatus):
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK

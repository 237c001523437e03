# SPDX-License-Identifier: BSD-2-Clause
"""Hostile input: every target of tests/fuzz for some seconds, and how far its corpus reaches."""
import subprocess
import sys

import pytest

from conftest import BUILD, TOP

SECONDS = 5  # a target: enough to find what a change breaks at once
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in TOP.glob("tests/fuzz/fuzz_*.c"))


def run(*words):
    return subprocess.run([sys.executable, TOP / "tests" / "fuzz" / "run.py", BUILD, *words], cwd=TOP,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_no_target_finds_anything_in_some_seconds():
    """
    Rules: M1, M2, M19, P7
    """
    done = run("run", str(SECONDS), *TARGETS)
    assert done.returncode == 0, done.stdout
    assert f"{len(TARGETS)} targets, {SECONDS} s each: no finding" in done.stdout


def test_the_corpus_reaches_95_percent_of_the_lines_of_object_and_mm():
    """
    Rules: M19
    """
    done = run("coverage", *TARGETS)
    assert done.returncode == 0, done.stdout
    assert "lines of object/" in done.stdout and "lines of mm/" in done.stdout


BROKEN = """
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long bytes);
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long bytes)
{
	if (bytes > 0 && data[0] == 'x')
		__builtin_trap();
	return 0;
}
"""


@pytest.fixture
def broken(tmp_path):
    """A build folder with one target, which finds something."""
    (tmp_path / "fuzz").mkdir()
    (tmp_path / "fuzz_broken.c").write_text(BROKEN)
    subprocess.run(["clang", "-fsanitize=fuzzer", "-o", tmp_path / "fuzz" / "fuzz_broken", tmp_path / "fuzz_broken.c"],
                   check=True)
    return tmp_path


def test_a_finding_fails_and_says_how_to_reproduce_it(broken):
    done = subprocess.run([sys.executable, TOP / "tests" / "fuzz" / "run.py", broken, "run", "20", "broken"],
                          stdout=subprocess.PIPE, text=True)
    assert done.returncode == 1
    line, = [line for line in done.stdout.splitlines() if line.startswith("reproduce: ")]
    assert subprocess.run(line.removeprefix("reproduce: ").split(), stderr=subprocess.DEVNULL).returncode != 0

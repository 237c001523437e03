# SPDX-License-Identifier: BSD-2-Clause
"""Every file of tests/data through the command: it gets the status it is filed under, once, in one line."""
import json
import subprocess

import pytest

from conftest import BUILD

FILES = sorted((BUILD / "data").glob("*/*.*"))


def plan(smalt, path, *options):
    file = ["--archive", str(path)] if path.suffix == ".cpio" else [str(path)]
    return subprocess.run([smalt, "plan", *options, *file], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, text=True)


def test_there_are_files_of_every_status_that_a_file_can_cause():
    """Rules: M20"""
    assert {path.parent.name for path in FILES} == {
        "OK", "NO_MEMORY", "NOT_FOUND", "TRUNCATED", "BAD_HEADER", "BAD_SEGMENT", "OVERFLOW", "NO_ADDRESS",
        "MISALIGNED", "OVERLAP", "BAD_ENTRY", "WX", "ADDRESS_IN_USE", "NOT_MAPPABLE", "WRONG_CLASS",
        "WRONG_MACHINE", "MISSING_CAPABILITY", "BAD_RELOCATION", "BAD_NOTE", "BAD_CONFIG", "BAD_ARCHIVE"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_gets_the_status_it_is_filed_under(smalt_checked, path):
    """Rules: M6, M9, M10, M11, M12, M14, M15, M18, M19, M20, R1, R2"""
    status = path.parent.name
    people = plan(smalt_checked, path)
    lines = people.stderr.splitlines()
    if status == "OK":
        assert (people.returncode, lines) == (0, [])
    else:
        assert people.returncode == 1, people.stdout
        assert len(lines) == 1 and f"{status}, " in lines[0], people.stderr
    machine = json.loads(plan(smalt_checked, path, "--json").stdout)
    assert machine["status"] == status
    assert (machine["fault"] is None) == (status == "OK")

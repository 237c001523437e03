# SPDX-License-Identifier: BSD-2-Clause
"""check-layers can fail: each arrow of the design, drawn the wrong way, is refused by name."""
import shutil
import subprocess

import pytest

from conftest import TOP

WRONG = [
    ("object/elf.c", "frames.h", "object knows no mm"),
    ("object/elf.c", "env.h", "object knows no boot"),
    ("lib/span.c", "object.h", "lib knows no object"),
    ("mm/cut.c", "elf64.h", "mm knows no object"),
    ("mm/cut.c", "env.h", "mm knows no boot"),
    ("mm/cut.c", "frames.h", "a later stage"),
    ("mm/audit.c", "pagetable.h", "mm knows no mm"),
    ("include/place.h", "extent.h", "a later stage"),
    ("boot/main.c", "../tools/cpio.h", "leaves its room by a path"),
    ("arch/any/machine.c", "pagetable.h", "facts knows no mm"),
    ("include/smalt/handoff.h", "span.h", "a public header stands alone"),
]


def layers(top):
    done = subprocess.run([TOP / "tests/layers.sh", top], capture_output=True, text=True)
    return done.returncode, done.stdout


@pytest.fixture
def tree(tmp_path):
    shutil.copytree(TOP / "include", tmp_path / "include")
    shutil.copytree(TOP / "lib", tmp_path / "lib")
    for room in "mm", "object":
        for path in (TOP / room).glob("*.c"):
            if (TOP / "include" / f"{path.stem}.h").exists():
                write(tmp_path / room / path.name, f"{path.stem}.h")
    for path in "object/object.c object/elf.c boot/main.c arch/any/machine.c tools/main.c".split():
        write(tmp_path / path, "machine.h")
    return tmp_path


def write(path, header):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f'#include "{header}"\n')


def test_the_headers_as_they_are_pass(tree):
    assert layers(tree) == (0, "")


@pytest.mark.parametrize("path,header,why", WRONG)
def test_a_wrong_arrow_is_refused_by_name(tree, path, header, why):
    write(tree / path, header)
    status, said = layers(tree)
    assert status != 0
    assert f"{path}:" in said and f"includes {header}: {why}" in said


def test_a_tree_without_includes_does_not_pass(tmp_path):
    (tmp_path / "lib").mkdir()
    assert layers(tmp_path)[0] != 0

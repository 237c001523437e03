# SPDX-License-Identifier: BSD-2-Clause
"""The README's tutorial, done as it is written."""
import re
import subprocess

import pytest

from conftest import TOP

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


@pytest.fixture
def blocks(machine):
    text = (TOP / "README.md").read_text().replace("x86_64-unknown", f"{machine}-unknown")
    return BLOCK.findall(text)


def test_the_tutorial_boots_the_readers_own_kernel(blocks, tmp_path):
    for name in ("include", "build"):
        (tmp_path / name).symlink_to(TOP / name)
    sources = [text for language, text in blocks if language == "c"]
    scripts = [text for language, text in blocks if language == "sh"]
    (tmp_path / "first.c").write_text(sources[0])
    said = []
    for script in scripts:
        done = subprocess.run(["sh", "-euc", script], cwd=tmp_path, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout
        said.append(done.stdout)
    assert "hello from my own kernel" in said[0]
    assert re.search(r"^0x[0-9a-f]{16} .* r-x ", said[1], re.M)
    assert "hello from my own kernel" in said[2]

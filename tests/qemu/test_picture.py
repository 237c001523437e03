# SPDX-License-Identifier: BSD-2-Clause
"""The picture in the README: what make docs draws, of a kernel that boots."""
import pathlib
import re
import subprocess

import guest
from test_svg import Picture, check_layout


def test_the_readme_shows_a_picture_that_is_there():
    readme = (guest.TOP / "README.md").read_text()
    path, = re.findall(r"!\[[^\]]+\]\((docs/\S+\.svg)\)", readme)
    picture = Picture(guest.TOP / path)
    assert len(picture.named("row")) > 10 and len(picture.named("extent")) >= len(picture.named("row"))
    check_layout(picture)


def test_make_docs_draws_what_is_shown(smalt, tmp_path):
    """Only addresses depend on the compiler that made the kernel: what is mapped does not."""
    done = subprocess.run(["make", "-s", f"O={guest.BUILD}", "-n", "-W", "examples/hello/hello.txt", "docs/plan.svg"],
                          cwd=guest.TOP, capture_output=True, text=True)
    command, = [line for line in done.stdout.splitlines() if " plan --svg docs/plan.svg " in line]
    shown = Picture(guest.TOP / "docs" / "plan.svg")
    assert "unikernel.elf + 2 modules" in shown.words()
    names = [shown.title(f"row-{i}").split(":")[0] for i in shown.named("row")]
    assert {pathlib.Path(word).name for word in re.findall(r"\S+\.(?:elf|img|txt)\b", command.split(">")[0])} == (
        {name for name in names if "." in name})


def test_the_kernel_of_the_picture_boots(machine, smalt, tmp_path):
    objects, kernel = tmp_path / "unikernel.o", tmp_path / "unikernel.elf"
    subprocess.run(["clang", "-target", f"{machine}-unknown-none-elf", "-O2", "-ffreestanding", "-fpie",
                    "-mgeneral-regs-only", f"-I{guest.TOP}/include", "-c", guest.TOP / "docs/picture/unikernel.c",
                    "-o", objects], check=True)
    subprocess.run(["ld.lld", "-static", "-pie", "--no-dynamic-linker", "-z", "separate-code", "-z",
                    "max-page-size=4096", "-o", kernel, objects], check=True)
    done = subprocess.run([smalt, "run", kernel], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "heap, data and tables are there" in done.stdout

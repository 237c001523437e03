# SPDX-License-Identifier: BSD-2-Clause
"""smalt plan over every ELF file of the Debian system that the tests run on."""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "qemu"))
import guest  # noqa: E402  (tests/qemu has the builder of kernels)

FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/local/bin", "/usr/local/lib", "/opt")
LARGEST = 512 << 20
STATUSES = {0: "accepted", 1: "refused"}


def elf_files():
    """Regular files with the ELF magic, each once, in a fixed order."""
    seen = set()
    for folder in FOLDERS:
        for root, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = os.path.join(root, name)
                try:
                    stat = os.lstat(path)
                    if not os.path.isfile(path) or os.path.islink(path) or stat.st_size > LARGEST:
                        continue
                    with open(path, "rb") as file:
                        is_elf = file.read(4) == b"\x7fELF"
                except OSError:
                    continue
                if is_elf and (stat.st_dev, stat.st_ino) not in seen and "," not in path and "=" not in path:
                    seen.add((stat.st_dev, stat.st_ino))
                    yield path


def plan(smalt, words):
    done = subprocess.run([smalt, "plan", "--json", *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace")
    assert done.returncode in STATUSES, f"{words}: exit {done.returncode}\n{done.stderr}"
    if done.returncode == 1:
        assert len(done.stderr.splitlines()) == 1, f"{words}: {done.stderr}"
    return json.loads(done.stdout)


LOAD = re.compile(r"^  LOAD +(0x\S+) (0x\S+) 0x\S+ (0x\S+) (0x\S+) ([R ][W ][E ]) 0x", re.M)


def loads_of(files):
    """{file: [(offset, va, file bytes, memory bytes, rights)]} of readelf, ascending by va."""
    loads = {}
    for start in range(0, len(files), 100):
        out = subprocess.run(["readelf", "-lW", *files[start:start + 100], "/dev/null"], text=True,
                             capture_output=True, errors="replace").stdout
        parts = re.split(r"^File: (.*)$", out, flags=re.M)
        for name, text in zip(parts[1::2], parts[2::2]):
            found = [(*(int(n, 16) for n in m.groups()[:4]), m[5]) for m in LOAD.finditer(text)]
            loads[name] = sorted((load for load in found if load[3]), key=lambda load: load[1])
    return loads


def rows_of(answer, index):
    """As loads_of(): a segment with RELRO has several rows, and the rights of those that are not (M3)."""
    bias = int(answer["objects"][index]["bias"], 16)
    segments = {}
    for row in answer["mappings"]:
        if row["object"] == index:
            segments.setdefault(row["segment"], []).append(row)
    found = []
    for rows in segments.values():
        rights = [row["prot"] for row in rows if "relro" not in row["flags"]] or ["rw-"]
        found.append((int(rows[0]["file_offset"], 16), (int(rows[0]["va"], 16) - bias) % 2 ** 64,
                      sum(int(row["file_bytes"], 16) for row in rows),
                      sum(int(row["mem_bytes"], 16) for row in rows),
                      rights[0].upper().replace("-", " ").replace("X", "E")))
    return found


def readable(load):
    """The machine cannot write or execute what it cannot read: such rights are widened (M18)."""
    rights = load[4]
    return (*load[:4], "R" + rights[1:] if rights.strip() else rights)


def compare(answer, index, loads):
    """The number of rows that agree with readelf; all must."""
    rows = rows_of(answer, index)
    if answer["objects"][index]["format"] == "elf64" and loads:
        assert rows == [readable(load) for load in loads], answer["objects"][index]["name"]
        return len(rows)
    assert len(rows) == 1 and rows[0][3] == int(answer["objects"][index]["file_bytes"], 16)
    return 0


def test_every_elf_file_of_this_system_is_planned_or_refused_in_one_line(smalt):
    """Rules: M3, M6, M10, M18, M19, M20"""
    files = list(elf_files())
    assert len(files) > 300
    loads = loads_of(files)
    kernel = guest.build("cmdline", "x86_64")
    counts, agree = collections.Counter(), 0
    runs = [("kernel", path, [path]) for path in files]
    runs += [("module", path, [kernel, f"module={path},role=map,relocate=no"]) for path in files]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda run: plan(smalt, run[2]), runs)
        for (role, path, _), answer in zip(runs, answers):
            counts[role, answer["status"]] += 1
            if answer["status"] == "OK":
                agree += compare(answer, 0 if role == "kernel" else 1, loads[path])
    for (role, status), count in sorted(counts.items()):
        print(f"{role:8}{status:20}{count:6}")
    print(f"{agree} rows agree with readelf")
    assert agree >= 1000

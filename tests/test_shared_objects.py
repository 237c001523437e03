# SPDX-License-Identifier: BSD-2-Clause
"""Shared objects of this Debian as modules of one closed set, against what readelf says of them."""
import collections
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "qemu"))
import guest  # noqa: E402  (tests/qemu has the builder of kernels)

FOLDER = "/usr/lib/x86_64-linux-gnu"
PAGE = 4096
ALL = 1 << 64


@functools.cache
def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], text=True, capture_output=True, errors="replace").stdout


def objects():
    """Every shared object of the folder, links not followed."""
    for name in sorted(os.listdir(FOLDER)):
        path = os.path.join(FOLDER, name)
        if ".so" in name and "," not in name and not os.path.islink(path) and os.path.isfile(path):
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def needed(path):
    return re.findall(r"NEEDED\).*\[(.*)\]", readelf("-d", path))


def scope(path):
    """{name: path} of what it needs, breadth first; None if something is not there."""
    found, queue = {}, [path]
    while queue:
        for name in needed(queue.pop(0)):
            real = os.path.realpath(os.path.join(FOLDER, name))
            if not os.path.exists(real):
                return None
            if name not in found:
                found[name] = real
                queue.append(real)
    return found


def plan(smalt, kernel, path, others, folder):
    """Only the object itself is relocated: libc would have ifuncs, and still offers what it has."""
    words = [f"it.so={path},role=map", *(f"{name}={other},role=map,relocate=no" for name, other in others.items())]
    done = subprocess.run([smalt, "plan", "--json", "--ram", "2G", "--contents", folder, kernel, *words],
                          capture_output=True, text=True, errors="replace")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


# --- RELRO --------------------------------------------------------------------------


def segments(path, kind):
    pattern = rf"^  {kind} +(0x\S+) (0x\S+) 0x\S+ (0x\S+) (0x\S+)"
    return [[int(n, 16) for n in found] for found in re.findall(pattern, readelf("-l", path), re.M)]


def expected_relro(path):
    """What S9 says in the addresses of the file: from the start's page, or its segment, to the page of the end."""
    for _, va, _, size in segments(path, "GNU_RELRO"):
        holder = next(load for load in segments(path, "LOAD") if load[1] <= va < load[1] + load[3])
        start, end = max(va // PAGE * PAGE, holder[1]), (va + size) // PAGE * PAGE
        return [(start, end)] if start < end else []
    return []


def check_relro(answer, index, path):
    bias = int(answer["objects"][index]["bias"], 16)
    rows = [row for row in answer["mappings"] if row["object"] == index and "relro" in row["flags"]]
    found = [((int(row["va"], 16) - bias) % ALL, (int(row["va"], 16) + int(row["mem_bytes"], 16) - bias) % ALL)
             for row in rows]
    assert found == expected_relro(path), path
    assert all(row["prot"] == "r--" for row in rows)
    return len(rows)


# --- relocations --------------------------------------------------------------------


@functools.cache
def offered(path):
    """{name: values} of what others may bind to, whatever its version."""
    pattern = r"^ +\d+: ([0-9a-f]+) +\S+ (?:NOTYPE|OBJECT|FUNC|TLS|IFUNC) +(?:GLOBAL|WEAK|UNIQUE) +(?:DEFAULT|PROTECTED) +(\w+) ([^\s@]+)"
    table = collections.defaultdict(set)
    for value, section, name in re.findall(pattern, readelf("--dyn-syms", path), re.M):
        if section != "UND":
            table[name].add(int(value, 16))
    return table


RELOCATION = re.compile(r"^([0-9a-f]{16})  [0-9a-f]{16} (R_X86_64_\w+) +(.*)$", re.M)


def values(path, kind, rest, biases):
    """What the word may be: one number unless the definer has several versions; None: not of this test."""
    bias = biases[0][1]
    if kind == "R_X86_64_RELATIVE":
        return {(int(rest, 16) + bias) % ALL}
    found = re.match(r"[0-9a-f]{16} ([^\s@]+)\S* \+ ([0-9a-f]+)$", rest)
    if not found or kind not in ("R_X86_64_64", "R_X86_64_GLOB_DAT", "R_X86_64_JUMP_SLOT"):
        return None
    for definer, base in biases:
        if found[1] in offered(definer):
            return {(value + base + int(found[2], 16)) % ALL for value in offered(definer)[found[1]]}
    return {int(found[2], 16)}


class Memory:
    """The contents of rows, as `smalt plan --contents` writes them."""

    def __init__(self, answer, folder):
        self.rows = []
        for path in sorted(pathlib.Path(folder).glob("*.bin")):
            self.rows.append((int(path.stem.split("-")[1], 16), path.read_bytes()))

    def word(self, va):
        for start, data in self.rows:
            if start <= va and va + 8 <= start + len(data):
                return int.from_bytes(data[va - start:va - start + 8], "little")
        return None


def check_words(answer, index, path, others, folder):
    names = {entry["name"]: int(entry["bias"], 16) for entry in answer["objects"]}
    biases = [(path, names["it.so"]), *((other, names[name]) for name, other in others.items())]
    memory, count = Memory(answer, folder), collections.Counter()
    for offset, kind, rest in RELOCATION.findall(readelf("-r", path)):
        expected = values(path, kind, rest.strip(), biases)
        word = memory.word((int(offset, 16) + names["it.so"]) % ALL)
        if expected is not None and word is not None:
            assert word in expected, (path, offset, kind, rest, hex(word), [hex(n) for n in expected])
            count[kind] += 1
    return count


def run(smalt, kernel, path, folder):
    others = scope(path)
    if others is None or len(others) > 60:      # as many files as a plan takes
        return "nothing", 0, collections.Counter()
    folder.mkdir()
    answer = plan(smalt, kernel, path, others, folder)
    if answer["status"] != "OK":
        return answer["status"], 0, collections.Counter()
    index = next(i for i, entry in enumerate(answer["objects"]) if entry["name"] == "it.so")
    result = answer["status"], check_relro(answer, index, path), check_words(answer, index, path, others, folder)
    for file in folder.iterdir():
        file.unlink()
    return result


def test_shared_objects_of_debian_are_bound_and_protected_as_readelf_says(smalt, tmp_path):
    """Rules: M3, M16, R1, R4, S9"""
    kernel = guest.build("cmdline", "x86_64")
    paths = list(objects())
    statuses, relro, words = collections.Counter(), 0, collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(run, smalt, kernel, path, tmp_path / str(i)) for i, path in enumerate(paths)]
        for job in jobs:
            status, rows, count = job.result()
            statuses[status] += 1
            relro += rows
            words += count
    print(dict(statuses), relro, "RELRO rows", dict(words))
    assert statuses["OK"] >= 5 and relro >= 4
    assert set(statuses) <= {"OK", "BAD_RELOCATION", "UNDEFINED_SYMBOL", "nothing"}
    assert words["R_X86_64_RELATIVE"] >= 10 and words["R_X86_64_GLOB_DAT"] + words["R_X86_64_JUMP_SLOT"] >= 10

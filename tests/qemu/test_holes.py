# SPDX-License-Identifier: BSD-2-Clause
"""Machines with much memory and holes in it, planned on the host: leaves and tables against a slow obvious model."""
import json
import subprocess

import pytest
from test_plan import elf, small_kernel

K, M, G, T = 1 << 10, 1 << 20, 1 << 30, 1 << 40
# (log2 of bytes, level of the entry) of each leaf, largest first; log2 of what an entry of level n maps is 12 + 9n
LEAVES = {"x86_64": [(30, 2), (21, 1), (12, 0)], "aarch64": [(30, 2), (25, 1), (21, 1), (16, 0), (12, 0)]}
NAMES = {30: "1G", 25: "32M", 21: "2M", 16: "64K", 12: "4K"}
PATHS = {"x86_64": ("pvh", 0x100000, 0x7), "aarch64": ("image", 0x40000000, 0x1f)}
VISIBLE = {"usable", "reclaimable", "boot-services", "object", "smalt-tables", "smalt-resident", "acpi-reclaim", "acpi-nvs"}

# Around 4 GiB, 510 GiB and 1 TiB there is none; edges that no leaf likes.
HOLES = [(7 * G // 2, 9 * G // 2), (510 * G - 300 * M, 510 * G + 4 * K), (T - 8 * K, T + 34 * M + 64 * K)]
END = 3 * T // 2


def planned(smalt, folder, machine, kernel, ranges):
    path, start, mask = PATHS[machine]
    at = start + 64 * M
    (folder / "kernel").write_bytes(kernel)
    (folder / "env").write_text("\n".join([
        f"machine {machine}", f"path {path}", f"cpu leaf_mask={mask:#x}", "cpu levels=4",
        *(f"memory {a:#x} {b:#x} usable" for a, b in ranges), f"file initrd {at:#x} {len(kernel):#x}",
        f"memory {at:#x} {at + -(-len(kernel) // 4096) * 4096:#x} reclaimable"]) + "\n")
    done = subprocess.run([smalt, "plan", folder / "kernel", "--env", folder / "env", "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def around(machine):
    edges = [PATHS[machine][1], *(edge for hole in HOLES for edge in hole), END]
    return list(zip(edges[::2], edges[1::2]))


# --- the model --------------------------------------------------------------------


def numbers(entries, *keys):
    return [{**e, **{key: int(e[key], 16) for key in keys}} for e in entries]


def row_pieces(plan):
    """[va, pa, bytes, of an object]: neighbours of one row, or of two that share a page, with the same rights."""
    rows = numbers(plan["mappings"], "va", "mem_bytes")
    pieces = []
    for e in sorted(numbers(plan["extents"], "va", "pa", "bytes"), key=lambda e: e["va"]):
        row, last = rows[e["mapping"]], pieces[-1] if pieces else None
        joined = last and last["va"] + last["bytes"] == e["va"] and last["pa"] + last["bytes"] == e["pa"] and \
            (last["prot"], last["memory"]) == (e["prot"], e["memory"]) and \
            (last["mapping"] == e["mapping"] or "shared-page" in row["flags"])
        if joined:
            last["bytes"] += e["bytes"]
            last["mapping"] = e["mapping"]
        else:
            pieces.append({**e, "object": row["object"] is not None})
    return [(p["va"], p["pa"], p["bytes"], p["object"]) for p in pieces]


def direct_pieces(plan):
    """(va, pa, bytes) of what may be seen, read-only where some row's frames are."""
    base = int(plan["direct_map"]["va"], 16)
    read_only = sorted((e["pa"], e["pa"] + e["bytes"]) for e in numbers(plan["extents"], "pa", "bytes")
                       if "w" not in e["prot"])
    pieces = []

    def add(start, end, prot):
        if start >= end:
            return
        if pieces and pieces[-1][1:] == [start, prot]:
            pieces[-1][1] = end
        else:
            pieces.append([start, end, prot])

    for m in numbers(plan["memory"], "pa", "bytes"):
        if m["type"] not in VISIBLE:
            continue
        at, end = m["pa"], m["pa"] + m["bytes"]
        for start, stop in read_only:
            if start < end and stop > at:
                add(at, max(start, at), "rw")
                add(max(start, at), min(stop, end), "r")
                at = min(stop, end)
        add(at, end, "rw")
    return [(base + start, start, end - start) for start, end, _ in pieces]


def walk(machine, va, pa, size):
    """Largest first: (log2 of the leaf, va) of each."""
    while size:
        small = machine == "x86_64" and pa < 2 * M
        shift, level = next((s, l) for s, l in LEAVES[machine]
                            if s == 12 or not (small or (va | pa) % (1 << s)) and size >= 1 << s)
        yield shift, level, va
        va, pa, size = va + (1 << shift), pa + (1 << shift), size - (1 << shift)


def check(machine, plan):
    found = {"objects": dict.fromkeys(NAMES.values(), 0), "direct": dict.fromkeys(NAMES.values(), 0)}
    tables = set()
    pieces = [("objects" if own else None, p) for *p, own in row_pieces(plan)]
    pieces += [("direct", p) for p in direct_pieces(plan)]
    for whose, piece in pieces:
        for shift, level, va in walk(machine, *piece):
            if whose:
                found[whose][NAMES[shift]] += 1
            tables.update((n, va >> 12 + 9 * (n + 1)) for n in range(level, 3))
    assert {name: n for name, n in found["objects"].items() if n} == {name: n for name, n in plan["pages"]["leaves"].items() if n}
    assert sum(found["objects"].values()) == plan["pages"]["lower_bound"]
    assert {name: n for name, n in found["direct"].items() if n} == {name: n for name, n in plan["direct_map"]["leaves"].items() if n}
    roots = {"x86_64": 1, "aarch64": 2}[machine]
    assert plan["pages"]["tables"] == len(tables) + roots


# --- tests ------------------------------------------------------------------------


@pytest.mark.parametrize("holes", [0, 1, 2, 3])
def test_memory_with_holes_is_mapped_with_the_fewest_leaves_and_tables(machine, smalt, tmp_path, holes):
    """Rules: P1, P6, P7"""
    plan = planned(smalt, tmp_path, machine, small_kernel(machine), around(machine)[:holes + 1])
    check(machine, plan)
    assert int(plan["direct_map"]["bytes"], 16) == around(machine)[holes][1]
    assert plan["direct_map"]["leaves"]["1G"] >= [1, 500, 1000, 1500][holes]


def test_two_gibibytes_of_bss_have_leaves_of_1g_where_memory_has_them(machine, smalt, tmp_path):
    """Rules: P2, P5"""
    text = 0x40000000
    kernel = elf(machine, [(text, 5, b"T" * 5000, 5000), (text + G, 6, b"", 2 * G)], text + 16)
    plan = planned(smalt, tmp_path, machine, kernel, around(machine))
    check(machine, plan)
    row, = [row for row in plan["mappings"] if int(row["mem_bytes"], 16) == 2 * G]
    assert row["leaves"]["1G"] == 2 and row["leaf"] == "1G" and row["why"] in (None, "nothing")
    assert plan["pages"]["leaves"]["1G"] == 2 and plan["pages"]["ideal"] == plan["pages"]["lower_bound"]
    # pieces of less than a GiB: the next smaller leaves, and nothing else
    start = PATHS[machine][1]
    torn = planned(smalt, tmp_path, machine, kernel, [(start, start + 200 * M), *(
        ((8 + i) * G + 128 * M, (9 + i) * G) for i in range(3))])
    check(machine, torn)
    row, = [row for row in torn["mappings"] if int(row["mem_bytes"], 16) == 2 * G]
    assert {size: n for size, n in row["leaves"].items() if n} == {"x86_64": {"2M": 1024}, "aarch64": {"32M": 64}}[machine]
    assert row["why"] == "fragmentation"


@pytest.mark.parametrize("piece", [2 * M, 2 * M + 64 * K, 6 * M - 4 * K])
def test_torn_memory_keeps_as_many_leaves_as_it_has(machine, smalt, tmp_path, piece):
    """Rules: P1, P2"""
    text, start = 0x40000000, PATHS[machine][1]
    kernel = elf(machine, [(text, 5, b"T" * 5000, 5000), (text + 2 * M - 512 * K, 6, b"", 41 * M)], text + 16)
    # 24 pieces, each begins with a leaf of 2M
    plan = planned(smalt, tmp_path, machine, kernel, [(start, start + 80 * M), *(
        (4 * G + i * 16 * M, 4 * G + i * 16 * M + piece) for i in range(24))])
    check(machine, plan)
    tight = planned(smalt, tmp_path, machine, kernel, [(start + 60 * M, start + 66 * M), *(
        (4 * G + i * 16 * M, 4 * G + i * 16 * M + piece) for i in range(24))])
    check(machine, tight)
    row, = [row for row in tight["mappings"] if int(row["mem_bytes"], 16) == 41 * M]
    assert row["leaves"]["2M"] == 20        # 512K before them, 512K behind

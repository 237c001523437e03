# SPDX-License-Identifier: BSD-2-Clause
"""The plan is what happens: smalt plan --env from what the loader printed equals the guest's table."""
import json
import random
import subprocess

import guest
import pytest
import table


def hexes(entry, *keys):
    return {key: hex(entry[key]) for key in keys}


def index(value):
    return None if value == table.NONE else value


def rows_of(guest_table):
    """The rows as the plan's JSON says them."""
    return [{**hexes(row, "va", "mem_bytes", "file_bytes", "file_offset"),
             "object": index(row["object"]), "segment": index(row["segment"]),
             "kind": table.KINDS[row["kind"]], "prot": table.rights(row["prot"]),
             "flags": table.flags(row["flags"]), "leaf": table.LEAVES[row["leaf_shift"]],
             "leaves": {table.LEAVES[shift]: row[f"n{i}"]
                        for i, shift in enumerate(guest_table.leaf_shift) if shift},
             "why": table.WHY[row["why"]], "instance": row["instance"]}
            for row in guest_table.entries("rows", table.ROW)]


def extents_of(guest_table):
    return [{"mapping": e["row"], **hexes(e, "va", "pa", "bytes"), "backing": table.BACKING[e["backing"]],
             "prot": table.rights(e["prot"]), "memory": table.CACHE[e["memory"]],
             "leaf": table.LEAVES[e["leaf_shift"]]}
            for e in guest_table.entries("extents", table.EXTENT)]


def memory_of(guest_table):
    return [{**hexes(m, "pa", "bytes"), "type": table.TYPES[m["type"]]}
            for m in guest_table.entries("memory", table.MEMORY)]


def by_size(guest_table, counts):
    return {table.LEAVES[shift]: counts[i] for i, shift in enumerate(guest_table.leaf_shift) if shift}


def free_as_one(memory):
    """A firmware that reads our files may take a page for itself before it ends: free memory then is
    its boot services', both free for the kernel. Everything else stands still."""
    merged = []
    for entry in memory:
        kind = "free" if entry["type"] in ("usable", "boot-services") else entry["type"]
        start, size = int(entry["pa"], 16), int(entry["bytes"], 16)
        if merged and merged[-1][2] == kind and merged[-1][0] + merged[-1][1] == start:
            merged[-1] = (merged[-1][0], merged[-1][1] + size, kind)
        else:
            merged.append((start, size, kind))
    return merged


def compare(plan, told):
    """Field by field; what the plan has more of (names for people) is not the guest's."""
    profile = told.profile()
    memory = memory_of(told)

    def common(planned, found):
        return [{key: entry.get(key) for key in found[0]} for entry in planned]
    for key, found in (("mappings", rows_of(told)), ("extents", extents_of(told))):
        assert common(plan[key], found) == found, key
    if told.path == table.PATH_UEFI:
        assert free_as_one(plan["memory"]) == free_as_one(memory)
    else:
        assert common(plan["memory"], memory) == memory
    assert plan["status"] == "OK" and plan["fault"] is None
    assert plan["pages"]["leaves"] == by_size(told, profile["leaves"])
    assert plan["pages"]["lower_bound"] == profile["lower_bound"] == sum(profile["leaves"])
    assert plan["pages"]["ideal"] == profile["ideal"]
    assert plan["pages"]["tables"] == told.tables_count
    assert plan["direct_map"]["leaves"] == by_size(told, profile["direct_leaves"])
    assert plan["direct_map"]["bytes"] == hex(told.direct_map_bytes)
    assert (plan["direct_map"]["va"] or "0x0") == hex(told.direct_map_va)
    cost = {**hexes(profile, "copied_bytes", "zeroed_bytes", "in_place_bytes", "read_bytes"), "frames": profile["frames"]}
    assert plan["cost"] == cost
    objects = told.entries("objects", table.OBJECT)
    assert [o["name"] for o in plan["objects"]] == [told.text(o["name_va"]) for o in objects]
    for planned, found in zip(plan["objects"], objects):
        assert {key: planned[key] or "0x0" for key in ("base", "bias", "file_bytes", "bytes_pa")} == \
            hexes(found, "base", "bias", "file_bytes", "bytes_pa")
        assert planned["role"] == table.ROLES[found["role"]]
        assert planned["format"] == table.FORMATS[found["format"]]
        assert (planned["va_bits"], planned["pa_bits"]) == (found["va_bits"], found["pa_bits"])
        assert (planned["entry"] or "0x0") == hex(found["entry"])


def random_boot(platform, seed):
    """A kernel linked somehow, with modules of both roles; the archive's alignment also varies."""
    dice = random.Random(f"{platform.name} {seed}")
    linker = dice.choice(["lld", "gnu"])
    page = dice.choice([0x1000, 0x10000, 0x200000])
    address = dice.choice([0, 0, 0x200000, 0x1000000, guest.HIGH[platform.machine]])
    kernel = guest.build("table", platform.machine, guest.Link(linker, page, address))
    modules, lines = {}, []
    for i in range(dice.randrange(6)):
        name = f"module{i}"
        if dice.random() < 0.5:
            modules[name] = dice.randbytes(dice.choice([1, 4096, 70001, 3 << 20]))
            lines.append(f'module {name} args="n {i}"')
        else:
            modules[name] = guest.build(dice.choice(["relocated", "zero"]), platform.machine,
                                        guest.Link(page=dice.choice([0x1000, 0x200000]))).read_bytes()
            lines.append(f"module {name} role=map instances={dice.choice([1, 1, 2, 5])}")
    conf = "kernel kernel.elf\n" + "\n".join(lines) + "\n"
    if dice.random() < 0.3:
        conf += dice.choice(["stack 1M", "direct_map none", "reporter off"]) + "\n"
    conf += dice.choice(["", "va stable\n", "va random\n", "va random\n"]) + dice.choice(["", "pa random\n"])
    return guest.kernel_archive(kernel, modules, conf, dice.choice([4, 4096]))


@guest.ALL
@pytest.mark.parametrize("seed", range(6))
def test_the_plan_of_a_replayed_machine_is_the_table_of_the_guest(platform, seed, smalt, tmp_path):
    """Rules: P5, P7, H2, H3, M3, M4"""
    archive = random_boot(platform, seed)
    dice = random.Random(seed)
    ram = dice.choice([256, 512, 1027, 5 << 10] if platform.firmware else [64, 128, 1027, 5 << 10]) << 20
    cpu = dice.choice(["max", {"x86_64": "qemu64", "aarch64": "cortex-a53"}[platform.machine]])
    result = guest.boot(platform, archive, append="smalt.env=serial hello", ram=ram, cpu=cpu)
    result.expect(0, r"^end$")
    (tmp_path / "env").write_text(result.output)
    (tmp_path / "archive").write_bytes(archive)
    done = subprocess.run([smalt, "plan", "--archive", tmp_path / "archive", "--env", tmp_path / "env", "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compare(json.loads(done.stdout), table.Table(result.output))

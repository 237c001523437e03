# SPDX-License-Identifier: BSD-2-Clause
"""smalt plan: what it prints, for people and for programs, and what it refuses."""
import hashlib
import json
import pathlib
import random
import re
import resource
import struct
import subprocess

import guest
import pytest

TOP = guest.TOP
PAGE = 4096

# --- helpers ----------------------------------------------------------------------


def plan(smalt, *words, **how):
    return subprocess.run([str(word) for word in (smalt, "plan", *words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, **how)


def planned(smalt, *words):
    done = plan(smalt, *words, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def refused(smalt, *words, status=1):
    done = plan(smalt, *words, "--json")
    assert done.returncode == status, done.stderr
    assert re.fullmatch(r"smalt: [^\n]+\n", done.stderr), done.stderr
    return json.loads(done.stdout), done.stderr


MACHINES = {"x86_64": 62, "aarch64": 183}
LOW, HIGH = 0x400000, {"x86_64": 0xffffffff80000000, "aarch64": 0xffff800000000000}


def elf(machine, segments, entry, kind=2):
    """An ELF64 file of these (va, rights, bytes, mem_bytes): the gABI's numbers, nothing of Smalt's."""
    offset = 64 + 56 * len(segments)
    headers, body = b"", b""
    for va, rights, data, mem in segments:
        at = offset + len(body)
        body += b"\0" * ((va - at) % PAGE)
        at = offset + len(body)
        headers += struct.pack("<IIQQQQQQ", 1, rights, at, va, va, len(data), mem, PAGE)
        body += data
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", kind, MACHINES[machine], 1, entry, 64, 0, 0,
                                                     64, 56, len(segments), 64, 0, 0)
    return head + headers + body


def small_kernel(machine):
    return elf(machine, [(LOW, 5, b"T" * 5000, 5000), (LOW + 0x2000, 6, b"D" * 100, 9000)], LOW + 16)


@pytest.fixture
def kernel(machine, tmp_path):
    path = tmp_path / "kernel.elf"
    path.write_bytes(small_kernel(machine))
    return path


def leaves(value, path=""):
    """(path of keys, value) of everything in the JSON that is no object and no array."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


# --- JSON -------------------------------------------------------------------------

HEX = {"entry", "base", "bias", "va", "pa", "bytes", "mem_bytes", "file_bytes", "file_offset", "data_offset", "value",
       "limit", "offset", "bytes_pa", "align", "copied_bytes", "zeroed_bytes", "in_place_bytes"}


def documented():
    """Every key that docs/plan.md has in the first column of a table, below its heading's place."""
    keys, place = set(), ""
    for line in (TOP / "docs" / "plan.md").read_text().splitlines():
        heading = re.match(r"## .*`(.*)`", line)
        if line.startswith("## "):
            place = heading[1] if heading else ""
        for key in re.findall(r"`([^`]+)`", line.split("|")[1]) if line.startswith("| `") else []:
            keys.add(f"{place}.{key}")
    return keys


def keys_of(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}"
            yield from keys_of(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner, f"{path}[]")


def test_every_key_is_documented_and_every_documented_key_is_there(machine, smalt, kernel, tmp_path):
    (tmp_path / "cut").write_bytes(kernel.read_bytes()[:100])
    found = set(keys_of(planned(smalt, kernel))) | set(keys_of(refused(smalt, tmp_path / "cut")[0]))
    sizes = re.compile(r"\.leaves\.\d+[KMG]$")
    assert {key for key in found if not sizes.search(key)} == documented()


def test_addresses_are_hexadecimal_strings_and_counts_are_numbers(machine, smalt, kernel):
    for path, value in leaves(planned(smalt, kernel)):
        key = re.split(r"[.\[]", path.removesuffix("[]"))[-1]
        if key in HEX and value is not None:
            assert re.fullmatch(r"0x(0|[1-9a-f][0-9a-f]*)", value), path
        elif not isinstance(value, str):
            assert value is None or (isinstance(value, int) and value >= 0), path


def test_a_refusal_has_the_same_keys_with_empty_arrays_and_a_fault(machine, smalt, kernel, tmp_path):
    """Rules: M20"""
    (tmp_path / "cut").write_bytes(kernel.read_bytes()[:-1])
    good = planned(smalt, kernel)
    bad, line = refused(smalt, tmp_path / "cut")
    assert list(bad) == list(good)
    assert bad["status"] == bad["fault"]["status"] == "TRUNCATED" and good["fault"] is None
    assert all(bad[key] == [] for key in ("objects", "mappings", "extents", "memory"))
    assert bad["entry"] is None and bad["protocol"] is None
    assert bad["fault"]["object"] == str(tmp_path / "cut")
    assert bad["fault"]["segment"] == 1
    assert line == f"smalt: {bad['fault']['text']}\n"
    size = (tmp_path / "cut").stat().st_size
    assert int(bad["fault"]["limit"], 16) in (size, size - 100, 100, 99)


# --- rows --------------------------------------------------------------------------


def test_rows_of_a_fixed_kernel_are_its_program_headers(machine, smalt, kernel):
    """Rules: M3, M4, M6, M18"""
    result = planned(smalt, kernel)
    rows = [row for row in result["mappings"] if row["object"] == 0]
    assert [(r["va"], r["mem_bytes"], r["file_bytes"], r["prot"], r["segment"]) for r in rows] == [
        (hex(LOW), hex(5000), hex(5000), "r-x", 0), (hex(LOW + 0x2000), hex(9000), hex(100), "rw-", 1)]
    assert "bss" in rows[1]["flags"] and "bss" not in rows[0]["flags"]
    assert not any("elf-header" in row["flags"] for row in rows)
    assert result["entry"] == hex(LOW + 16)
    addresses = [int(row["va"], 16) for row in result["mappings"]]
    assert addresses == sorted(addresses)


def test_extents_cover_every_row_and_only_rows(machine, smalt, kernel):
    """Rules: H3, M17"""
    result = planned(smalt, kernel)
    pages = {int(e["va"], 16) + at: e for e in result["extents"] for at in range(0, int(e["bytes"], 16), PAGE)}
    wanted = set()
    for row in result["mappings"]:
        va, end = int(row["va"], 16), int(row["va"], 16) + int(row["mem_bytes"], 16)
        wanted |= set(range(va & -PAGE, end, PAGE))
    assert set(pages) == wanted


def test_modules_are_objects_of_their_roles(machine, smalt, kernel, tmp_path):
    """Rules: M3"""
    (tmp_path / "data").write_bytes(b"x" * 5000)
    (tmp_path / "module").write_bytes(elf(machine, [(0, 5, b"M" * 10, 10)], 0, kind=3))
    result = planned(smalt, kernel, f"{tmp_path}/data,args=a b,c", f"mod={tmp_path}/module,role=map,name=driver")
    assert [(o["name"], o["role"], o["format"], o["args"]) for o in result["objects"]] == [
        ("kernel.elf", "kernel", "elf64", ""), ("data", "raw", "flat", "a b,c"), ("driver", "map", "elf64", "")]
    raw = [row for row in result["mappings"] if row["object"] == 1]
    assert [(row["prot"], row["mem_bytes"]) for row in raw] == [("r--", hex(5000))]
    assert [e["backing"] for e in result["extents"] if result["mappings"][e["mapping"]] == raw[0]] == ["in-place"]


def test_a_module_that_must_not_run_is_never_executable(machine, smalt, kernel, tmp_path):
    """Rules: M23"""
    (tmp_path / "code").write_bytes(elf(machine, [(0, 4, b"D" * 10, 10), (0x1000, 5, b"C" * 10, 10)], 0, kind=3))
    (tmp_path / "data").write_bytes(elf(machine, [(0, 4, b"D" * 10, 10), (0x1000, 6, b"C" * 10, 10)], 0, kind=3))
    planned(smalt, kernel, f"{tmp_path}/code,role=map,exec=yes")
    raw = planned(smalt, kernel, f"{tmp_path}/code,exec=no", f"{tmp_path}/data,role=map,exec=no")
    assert not [row for row in raw["mappings"] if row["object"] in (1, 2) and "x" in row["prot"]]
    done = plan(smalt, kernel, f"{tmp_path}/code,role=map,exec=no")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"smalt: code: segment \d+: p_flags: 0x5: NOT_AUTHORIZED, .*\n", done.stderr)


def test_planning_again_without_a_module_leaves_the_others_where_they_are(machine, smalt, tmp_path):
    """Rules: M22"""
    for name, data in {"kernel": small_kernel(machine), "raw": b"r" * 9000, "again": b"a" * 5000,
                       "map": elf(machine, [(0, 5, b"T" * 5000, 5000), (0x4000, 6, b"D" * 9, 9000)], 16, kind=3)}.items():
        (tmp_path / name).write_bytes(data)
    words = {name: f"{tmp_path}/{name}{options}" for name, options in {
        "raw": ",va=0x10000000", "map": ",role=map,va=0x20000000", "again": ",va=0x30000000"}.items()}

    def rows(*modules):
        result = planned(smalt, f"{tmp_path}/kernel", *(words[name] for name in modules))
        names = [o["name"] for o in result["objects"]]
        return [{**row, "object": names[row["object"]], "color": None}      # frames may be others
                for row in result["mappings"] if row["object"] is not None]

    every = rows(*words)
    assert {row["object"] for row in every} == {"kernel", *words}
    for gone in words:
        assert rows(*(name for name in words if name != gone)) == [row for row in every if row["object"] != gone]


def test_instances_cost_what_is_writable_and_keep_large_leaves(machine, smalt, kernel, tmp_path):
    """Rules: S3, P2"""
    (tmp_path / "driver").write_bytes(elf(machine, [(0, 5, b"T" * (4 << 20), 4 << 20), (5 << 20, 6, b"D" * 5000, 9000)],
                                          16, kind=3))
    one, *more = (planned(smalt, kernel, f"{tmp_path}/driver,role=map,instances={n}") for n in (1, 2, 3, 7))
    own = 3 * PAGE
    for n, result in zip((2, 3, 7), more):
        assert [(o["name"], o["instance"], o["instances"]) for o in result["objects"][1:]] == [
            ("driver", i, n) for i in range(n)]
        rows = [row for row in result["mappings"] if row["object"]]
        assert sorted(row["instance"] for row in rows) == sorted(2 * list(range(n)))
        assert {(row["leaf"], row["prot"], "shared" in row["flags"]) for row in rows} == {
            ("2M", "r-x", True), ("4K", "rw-", False)}
        objects = [sum(int(m["bytes"], 16) for m in r["memory"] if m["type"] == "object") for r in (one, result)]
        assert objects[1] - objects[0] == (n - 1) * own
        assert sum(int(e["bytes"], 16) for e in result["extents"] if e["backing"] == "shared") == (n - 1) * (4 << 20)


def test_the_plan_of_an_archive_is_that_of_its_parts(machine, smalt, kernel, tmp_path):
    (tmp_path / "data").write_bytes(b"x" * 5000)
    subprocess.run([smalt, "pack", "-o", tmp_path / "out", kernel, tmp_path / "data"], check=True)
    assert planned(smalt, "--archive", tmp_path / "out") == planned(smalt, kernel, tmp_path / "data")


def test_the_command_line_chooses_as_on_the_machine(machine, smalt, kernel):
    usual = planned(smalt, kernel)
    without = planned(smalt, kernel, "--append", "smalt.direct_map=none")
    assert int(usual["direct_map"]["bytes"], 16) > 0 and usual["direct_map"]["va"]
    assert without["direct_map"]["va"] is None and without["direct_map"]["bytes"] == "0x0"


# --- the table ----------------------------------------------------------------------


def leaves_words(leaves):
    return " + ".join(f"{count} x {size}" for size, count in leaves.items() if count)


def test_the_table_has_one_aligned_line_for_each_row(machine, smalt, kernel):
    """Rules: P5"""
    result = planned(smalt, kernel)
    done = plan(smalt, kernel)
    assert done.returncode == 0 and done.stderr == ""
    head, table, sums = done.stdout.split("\n\n")
    assert head == f"{machine}, protocol smalt, entry {hex(LOW + 16)}"
    heading, *lines = table.splitlines()
    assert re.split(r"  +", heading.strip()) == ["va", "bytes", "rights", "leaves", "why not larger", "backing",
                                                 "flags", "name"]
    assert len(lines) == len(result["mappings"])
    for line, row in zip(lines, result["mappings"]):
        cells = re.split(r"  +", line.strip())
        assert cells[:5] == [row["va"], row["mem_bytes"], row["prot"], leaves_words(row["leaves"]),
                             "-" if row["why"] == "nothing" else row["why"]]
        assert len(cells) == 8
        assert line[heading.index("name") - 2:heading.index("name")] == "  "
    assert any(line.endswith("  initrd:0") for line in lines)
    for word in ("leaves", "direct map", "tables", "colors", "bytes", "frames"):
        assert re.search(rf"^{word}  ", sums, re.M), sums


def test_the_tables_sums_are_those_of_the_json(machine, smalt, tmp_path):
    """Rules: P1, P5"""
    path = tmp_path / "kernel.elf"
    path.write_bytes(elf(machine, [(LOW, 5, b"T" * 5000, 5000), (0x800000, 6, b"", 0x500000)], LOW + 16))
    result, said = planned(smalt, path), plan(smalt, path).stdout
    pages, direct = result["pages"], result["direct_map"]
    assert pages["leaves"]["2M"] == 2
    assert re.search(r"^leaves +(.*)", said, re.M)[1] == (
        f"{leaves_words(pages['leaves'])}  (lower bound {pages['lower_bound']}, ideal {pages['ideal']})")
    assert f"\ndirect map  {direct['bytes']} bytes at {direct['va']}: {leaves_words(direct['leaves'])}\n" in said
    assert f"\ntables      {pages['tables']} pages\n" in said
    bss, = (line for line in said.splitlines() if line.startswith("          0x800000 "))
    small = {"x86_64": "256 x 4K", "aarch64": "16 x 64K"}[machine]
    assert f"  {small} + 2 x 2M  size " in bss


# --- contents -----------------------------------------------------------------------


def contents(smalt, tmp_path, *words):
    out = tmp_path / "contents"
    out.mkdir()
    result = planned(smalt, *words, "--contents", out)
    return result, {path.name: path.read_bytes() for path in out.iterdir()}


def test_contents_are_the_bytes_that_the_kernel_finds(machine, smalt, kernel, tmp_path):
    """Rules: M17"""
    result, files = contents(smalt, tmp_path, kernel)
    numbers = {row["va"]: i for i, row in enumerate(result["mappings"])}
    assert files[f"{numbers[hex(LOW)]:02}-{LOW:x}.bin"] == b"T" * 5000
    assert files[f"{numbers[hex(LOW + 0x2000)]:02}-{LOW + 0x2000:x}.bin"] == b"D" * 100 + bytes(8900)


def relocated(machine, words, rela_offset):
    """A movable kernel whose words at `words` are relative addresses of themselves."""
    number = {"x86_64": 8, "aarch64": 1027}[machine]
    data = bytearray(b"\xcc" * 4096)
    rela = b"".join(struct.pack("<QQQ", 0x2000 + at, number, 0x2000 + at) for at in words)
    dynamic = struct.pack("<QQQQQQQQ", 7, 0x2000 + rela_offset, 8, len(rela), 9, 24, 0, 0)
    data[rela_offset:rela_offset + len(rela)] = rela
    data[:len(dynamic)] = dynamic
    image = elf(machine, [(0x1000, 5, b"T" * 64, 64), (0x2000, 6, bytes(data), 6000), (0, 4, b"", 0)], 0x1000, kind=3)
    # The third program header becomes PT_DYNAMIC over the beginning of the second segment.
    at, = struct.unpack_from("<Q", image, 64 + 56 + 8)
    header = struct.pack("<IIQQQQQQ", 2, 6, at, 0x2000, 0x2000, len(dynamic), len(dynamic), 8)
    return image[:64 + 112] + header + image[64 + 168:], bytes(data)


def test_contents_are_relocated(machine, smalt, tmp_path):
    """Rules: R1, M6"""
    words = [512, 520, 1001, 4088]
    image, data = relocated(machine, words, 2048)
    (tmp_path / "kernel").write_bytes(image)
    result, files = contents(smalt, tmp_path, tmp_path / "kernel")
    bias = int(result["objects"][0]["bias"], 16)
    expected = bytearray(data + bytes(6000 - len(data)))
    for at in words:
        struct.pack_into("<Q", expected, at, (0x2000 + at + bias) % 2**64)
    name = next(name for name in files if name.endswith(f"-{bias + 0x2000:x}.bin"))
    assert files[name] == bytes(expected)


def test_nothing_that_is_planned_changes_the_files(machine, smalt, tmp_path):
    """Rules: M1"""
    image, _ = relocated(machine, [512], 2048)
    (tmp_path / "kernel").write_bytes(image)
    subprocess.run([smalt, "pack", "-o", tmp_path / "out", tmp_path / "kernel"], check=True)
    before = hashlib.sha256((tmp_path / "out").read_bytes()).digest()
    contents(smalt, tmp_path, "--archive", tmp_path / "out")
    assert hashlib.sha256((tmp_path / "out").read_bytes()).digest() == before


def test_contents_need_a_folder(machine, smalt, kernel, tmp_path):
    done = plan(smalt, kernel, "--contents", tmp_path / "missing")
    assert done.returncode == 1
    assert "No such file" in done.stderr


# --- machines -----------------------------------------------------------------------


def test_terabytes_of_memory_cost_nothing(machine, smalt, kernel):
    """Rules: C4"""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    done = subprocess.run([str(smalt), "plan", str(kernel), "--ram", "8T", "--json"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, preexec_fn=limit, timeout=60)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    total = sum(int(m["bytes"], 16) for m in result["memory"] if m["type"] == "usable")
    assert total > 8 << 40 - 1
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1 << 20      # KiB


@pytest.mark.parametrize("ram", ["512M", "2815M", "2816M", "8G"])
def test_memory_lies_where_qemu_puts_it(machine, smalt, kernel, ram):
    """QEMU 7.2: q35 splits at 2 GiB from 2.75 GiB on (hw/i386/pc_q35.c); virt's begins at 1 GiB."""
    size = int(ram[:-1]) << {"M": 20, "G": 30}[ram[-1]]
    ranges = [(int(m["pa"], 16), int(m["pa"], 16) + int(m["bytes"], 16))
              for m in planned(smalt, kernel, "--ram", ram)["memory"] if m["type"] != "mmio"]
    starts, ends = zip(*ranges)
    if machine == "aarch64":
        assert (min(starts), max(ends)) == (1 << 30, (1 << 30) + size)
    else:
        low = size if size < 0xb0000000 else 0x80000000
        assert low in ends
        assert ((1 << 32) in starts) == (size > low)
        assert size == low or (1 << 32) + size - low in ends


@pytest.mark.parametrize("ram", ["128M", "3G"])
def test_the_simulated_machine_plans_as_the_real_one(machine, smalt, ram, tmp_path):
    """Rules: M3, P6"""
    kernel = guest.build("zero", machine)
    printed = subprocess.run([str(smalt), "run", str(kernel), "--ram", ram, "--append", "smalt.env=serial"],
                             stdin=subprocess.DEVNULL, capture_output=True)
    (tmp_path / "env").write_bytes(printed.stdout)
    real = planned(smalt, kernel, "--env", tmp_path / "env")
    model = planned(smalt, kernel, "--ram", ram, "--append", "smalt.env=serial")

    def own(result):
        return [(row["kind"], row["prot"], row["leaf"]) for row in result["mappings"] if row["object"] is None]
    assert own(model) == own(real)
    assert [o["base"] for o in model["objects"]] == [o["base"] for o in real["objects"]]
    assert model["direct_map"]["bytes"] == real["direct_map"]["bytes"]
    kinds = [[(m["type"], m["pa"]) for m in result["memory"] if m["type"] in ("reserved", "mmio")]
             for result in (model, real)]
    assert kinds[0] == kinds[1]


def test_too_little_memory_is_refused_with_both_numbers(machine, smalt, kernel):
    """Rules: M20"""
    bad, _ = refused(smalt, kernel, "--ram", "1M")
    assert bad["status"] == "NO_MEMORY" and bad["fault"]["value"] == "0x100000"
    assert int(bad["fault"]["limit"], 16) > 1 << 20


def test_a_kernel_of_another_machine_is_refused(machine, smalt, kernel):
    """Rules: M15"""
    other, = set(MACHINES) - {machine}
    bad, _ = refused(smalt, kernel, "--machine", other)
    assert bad["status"] == "WRONG_MACHINE" and bad["machine"] == other


# --- recorded machines --------------------------------------------------------------

ENV = {"x86_64": ["path pvh", "memory 0x100000 0x8000000 usable", "cpu leaf_mask=0x7", "cpu levels=4"],
       "aarch64": ["path image", "memory 0x40000000 0x48000000 usable", "cpu leaf_mask=0x1f", "cpu levels=4"]}


def record(tmp_path, machine, size, *lines, start=None):
    start = start or {"x86_64": 0x4000000, "aarch64": 0x44000000}[machine]
    end = (start + size + PAGE - 1) & -PAGE
    text = [f"machine {machine}", *ENV[machine], f"file initrd {start:#x} {size:#x}",
            f"memory {start & -PAGE:#x} {end:#x} reclaimable", *lines]
    (tmp_path / "env").write_text("\n".join(text) + "\n")
    return tmp_path / "env"


def test_a_recorded_machine_has_the_rows_that_it_says(machine, smalt, kernel, tmp_path):
    size = kernel.stat().st_size
    env = record(tmp_path, machine, size)
    result = planned(smalt, kernel, "--env", env)
    assert {row["kind"] for row in result["mappings"]} == {"object", "stack", "fault-stack", "handoff"}
    assert all(int(m["pa"], 16) >= 1 << 20 for m in result["memory"])


SCREEN, FIRMWARE = 0x80000000, {"x86_64": 0x7f00000, "aarch64": 0x47f00000}


def record_uefi(tmp_path, machine, size, *lines, code="r-x"):
    """A machine that was booted from UEFI: its runtime code, constants, data, and flash."""
    at = FIRMWARE[machine]
    env = record(tmp_path, machine, size,
                 f"memory {at:#x} {at + 0x3000:#x} efi-runtime-code",
                 f"memory {at + 0x3000:#x} {at + 0x8000:#x} efi-runtime-data",
                 f"framebuffer {SCREEN + 0x100000:#x} 0x400000 1280 800 5120 bgrx 0xff0000 0xff00 0xff",
                 f"smbios {at + 0x5010:#x} 24", f"smbios-table {at + 0x5000:#x} {at + 0x7000:#x}",
                 f"efi {at + 0x4018:#x} 48 1 200 callable", "efi-attributes 12 48",
                 f"runtime {at:#x} {at + 0x2000:#x} {code}", f"runtime {at + 0x2000:#x} {at + 0x3000:#x} r--",
                 f"runtime {at + 0x3000:#x} {at + 0x8000:#x} rw-", "runtime 0xffc00000 0xffc40000 rw- device", *lines)
    env.write_text(re.sub(r"^path .*", "path uefi", env.read_text(), flags=re.M))
    return env


def rows_of(result, kind):
    """(va, pa, bytes, rights, memory) of the rows of a kind, each with its one extent."""
    found = []
    for index, row in enumerate(result["mappings"]):
        if row["kind"] == kind:
            extent, = (e for e in result["extents"] if e["mapping"] == index)
            assert extent["va"] == row["va"] and extent["bytes"] == row["mem_bytes"]
            found.append((int(row["va"], 16), int(extent["pa"], 16), int(row["mem_bytes"], 16), row["prot"],
                          extent["memory"]))
    return found


def type_at(result, pa):
    types = [m["type"] for m in result["memory"] if 0 <= pa - int(m["pa"], 16) < int(m["bytes"], 16)]
    return types[0] if types else None


def test_a_framebuffer_is_mapped_write_combining(machine, smalt, kernel, tmp_path):
    """Rules: H8, H3"""
    result = planned(smalt, kernel, "--env", record_uefi(tmp_path, machine, kernel.stat().st_size))
    (va, pa, size, rights, memory), = rows_of(result, "framebuffer")
    assert (pa, size, rights, memory) == (SCREEN + 0x100000, 0x400000, "rw-", "write-combine")
    assert va >= HIGH[machine] and va % 0x200000 == pa % 0x200000
    assert type_at(result, pa) == "mmio" and type_at(result, pa + size) is None


def test_smbios_tables_are_mapped_read_only(machine, smalt, kernel, tmp_path):
    """Rules: H8"""
    result = planned(smalt, kernel, "--env", record_uefi(tmp_path, machine, kernel.stat().st_size))
    (_, pa, size, rights, memory), = rows_of(result, "smbios")
    assert (pa, size, rights, memory) == (FIRMWARE[machine] + 0x5000, 0x2000, "r--", "write-back")
    assert type_at(result, pa) == "efi-runtime-data"


def test_runtime_services_are_mapped_only_when_asked_for(machine, smalt, kernel, tmp_path):
    """Rules: H9, M18"""
    env, at = record_uefi(tmp_path, machine, kernel.stat().st_size), FIRMWARE[machine]
    assert rows_of(planned(smalt, kernel, "--env", env), "efi-runtime") == []
    result = planned(smalt, kernel, "--env", env, "--append", "smalt.efi_runtime=identity")
    assert rows_of(result, "efi-runtime") == [
        (at, at, 0x2000, "r-x", "write-back"), (at + 0x2000, at + 0x2000, 0x1000, "r--", "write-back"),
        (at + 0x3000, at + 0x3000, 0x5000, "rw-", "write-back"), (0xffc00000, 0xffc00000, 0x40000, "rw-", "device")]
    assert type_at(result, at) == "efi-runtime-code"
    done = plan(smalt, kernel, "--env", env, "--append", "smalt.efi_runtime=identity")
    assert done.returncode == 0 and len(re.findall(r"  efi-runtime$", done.stdout, re.M)) == 4


def test_runtime_services_that_cannot_be_mapped_are_refused(machine, smalt, kernel, tmp_path):
    """Rules: H9, M12, M20"""
    size, identity = kernel.stat().st_size, ("--append", "smalt.efi_runtime=identity")
    bad, line = refused(smalt, kernel, *identity)
    assert bad["status"] == "BAD_CONFIG" and "not booted from UEFI" in line
    env = record_uefi(tmp_path, machine, size, code="rwx")
    bad, line = refused(smalt, kernel, "--env", env, *identity)
    assert bad["status"] == "WX" and bad["fault"]["value"] == hex(FIRMWARE[machine]) and "wx allow" in line
    result = planned(smalt, kernel, "--env", env, "--append", "smalt.efi_runtime=identity smalt.wx=allow")
    assert result["mappings"][[row["kind"] for row in result["mappings"]].index("efi-runtime")]["flags"] == ["wx"]
    bad, _ = refused(smalt, kernel, "--append", "smalt.efi_runtime=virtual")
    assert bad["status"] == "BAD_CONFIG" and bad["fault"]["word"] == "virtual"


def test_files_on_a_volume_are_no_memory(machine, smalt, kernel, tmp_path):
    env = record_uefi(tmp_path, machine, kernel.stat().st_size, "file \\x5cbig.img volume 8T")
    plain = record_uefi(tmp_path, machine, kernel.stat().st_size)
    assert planned(smalt, kernel, "--env", env) == planned(smalt, kernel, "--env", plain)


def test_a_file_may_lie_anywhere(machine, smalt, kernel, tmp_path):
    """Rules: S11"""
    size = kernel.stat().st_size
    for i, offset in enumerate((0, 1, 2048, 4095)):
        start = {"x86_64": 0x4000000, "aarch64": 0x44000000}[machine] + offset
        result, files = contents(smalt, tmp_path, kernel, "--env", record(tmp_path, machine, size, start=start))
        assert any(data == b"T" * 5000 for data in files.values())
        in_place = [e for e in result["extents"] if e["backing"] == "in-place"]
        assert bool(in_place) == (offset == 0)
        (tmp_path / "contents").rename(tmp_path / f"contents{i}")


@pytest.mark.parametrize("lines, said", [
    (["memori 0 1 usable"], "memory"),
    (["file initrd 0x5000000 1"], None),
    (["machine m68k"], "machine"),
])
def test_a_malformed_environment_is_refused_with_its_line(machine, smalt, kernel, tmp_path, lines, said):
    """Rules: M20"""
    env = record(tmp_path, machine, kernel.stat().st_size, *lines)
    done = plan(smalt, kernel, "--env", env, "--json")
    if said is None:
        return
    fault = json.loads(done.stdout)["fault"]
    assert done.returncode == 1 and fault["status"] == "BAD_ENVIRONMENT"
    assert fault["object"] == str(env) and fault["line"] == len(env.read_text().splitlines())
    assert said in done.stderr


def test_an_environment_of_another_file_is_refused(machine, smalt, kernel, tmp_path):
    env = record(tmp_path, machine, kernel.stat().st_size + 1)
    bad, _ = refused(smalt, kernel, "--env", env)
    assert bad["status"] == "BAD_ENVIRONMENT"
    assert bad["fault"]["value"] == hex(kernel.stat().st_size + 1)
    assert bad["fault"]["limit"] == hex(kernel.stat().st_size)


# --- refusals -----------------------------------------------------------------------


def test_no_damaged_byte_breaks_it(machine, smalt_checked, tmp_path):
    """Rules: M19"""
    dice = random.Random(machine)
    image, _ = relocated(machine, [512, 4088], 2048)
    head = 64 + 56 * 3
    for _ in range(60):
        damaged = bytearray(image)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(head) if dice.random() < 0.7 else dice.randrange(len(image))
            damaged[at] = dice.choice([0, 1, 0x7f, 0x80, 0xff, dice.randrange(256)])
        (tmp_path / "kernel").write_bytes(damaged)
        done = plan(smalt_checked, tmp_path / "kernel", "--json")
        assert done.returncode in (0, 1), done.stderr
        assert (json.loads(done.stdout)["status"] == "OK") == (done.returncode == 0)


@pytest.mark.parametrize("words, said", [
    ([], "a kernel is missing"),
    (["--jsn", "x"], "did you mean --json?"),
    (["--json=yes", "x"], "takes no value"),
    (["x", "--machine"], "--machine needs NAME"),
    (["x", "--machine", "vax"], "choose x86_64 or aarch64"),
    (["x", "--ram", "much"], "--ram much"),
    (["x", "--archive", "y"], "not both"),
    (["--zzzzzz"], "smalt --help"),
])
def test_a_wrong_command_line_is_2_and_one_line(smalt, words, said):
    done = plan(smalt, *words)
    assert done.returncode == 2
    assert re.fullmatch(r"smalt: [^\n]+\n", done.stderr) and said in done.stderr


@pytest.mark.parametrize("words, said", [
    ([], "a verb is missing"), (["plam"], "did you mean plan?"), (["frobnicate"], "smalt --help"),
])
def test_a_wrong_verb_is_2_and_one_line(smalt, words, said):
    done = subprocess.run([str(smalt), *words], capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(r"smalt: [^\n]+\n", done.stderr) and said in done.stderr


def test_help_lists_the_verbs(smalt):
    done = subprocess.run([str(smalt), "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert re.findall(r"^  (\w+) ", done.stdout, re.M) == ["plan", "check", "pack", "run"]


def test_an_object_file_and_a_core_as_modules_are_one_row_with_the_elf_header(machine, smalt, kernel, tmp_path):
    """Rules: M4, M6"""
    (tmp_path / "empty.c").write_text("int number = 1;\n")
    subprocess.run(["clang", "-target", f"{machine}-unknown-none-elf", "-c", "empty.c", "-o", "empty.o"], cwd=tmp_path,
                   check=True)
    (tmp_path / "core").write_bytes(elf(machine, [(LOW, 6, b"C" * 5000, 5000)], 0, kind=4))
    result = planned(smalt, kernel, tmp_path / "empty.o,role=map", tmp_path / "core,role=map")
    for index, name in ((1, "empty.o"), (2, "core")):
        row, = [row for row in result["mappings"] if row["object"] == index]
        size = hex((tmp_path / name).stat().st_size)
        assert (row["prot"], row["mem_bytes"], row["file_bytes"], row["file_offset"]) == ("r--", size, size, "0x0")
        assert {"elf-header", "bss", "phdr-table"} & set(row["flags"]) == {"elf-header"}


@pytest.mark.parametrize("name", ["/nonexistent", "."])
def test_a_file_that_cannot_be_read_is_refused(smalt, name):
    """Rules: M20"""
    bad, _ = refused(smalt, name)
    assert bad["status"] == "NOT_FOUND" and bad["fault"]["object"] == name


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n"])
def test_a_file_that_is_no_kernel_at_all_is_refused_by_its_name(smalt, tmp_path, data):
    """Rules: M20"""
    (tmp_path / "script").write_bytes(data)
    bad, line = refused(smalt, tmp_path / "script")
    assert bad["status"] == "NOT_MAPPABLE" and bad["machine"] is None
    assert line.startswith(f"smalt: {tmp_path}/script: ")


def test_a_file_named_like_an_option_comes_behind_two_dashes(machine, smalt, kernel, tmp_path):
    (tmp_path / "--json").write_bytes(kernel.read_bytes())
    assert plan(smalt, "--", "--json", cwd=tmp_path).returncode == 0

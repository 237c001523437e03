# SPDX-License-Identifier: BSD-2-Clause
"""Tails of rows that are filled up to a larger leaf: the key tail_padding."""
import json
import struct
import subprocess

import guest
import pytest
import table

K, M = 1 << 10, 1 << 20
PAGE = 4096
NUMBER = {"x86_64": 62, "aarch64": 183}
BASE = {"x86_64": 0xffffffff80000000, "aarch64": 0xffff800000000000}
SIZES = {"x86_64": [30, 21, 12], "aarch64": [30, 25, 21, 16, 12]}

# --- what a plan says -------------------------------------------------------------


def elf(machine, segments, align, kind=2):
    """An ELF64 file of these (offset from the base, rights, file bytes, mem bytes)."""
    base = BASE[machine] if kind == 2 else 0
    headers, body = b"", b""
    for va, rights, file_bytes, mem_bytes in segments:
        body += b"\0" * ((va - PAGE - len(body)) % align if file_bytes else 0)
        headers += struct.pack("<IIQQQQQQ", 1, rights, PAGE + len(body), base + va, base + va, file_bytes, mem_bytes,
                               align)
        body += bytes([rights]) * file_bytes
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", kind, NUMBER[machine], 1, base + 16, 64, 0, 0,
                                                     64, 56, len(segments), 64, 0, 0)
    return (head + headers).ljust(PAGE, b"\0") + body


def up(n, align):
    return -(-n // align) * align


# The sample of the design: text, constants, data, zeros; where they begin if segments have this alignment.
SAMPLE = [(5, 3 * M // 2, 3 * M // 2), (4, 700 * K, 700 * K), (6, 300 * K, 300 * K), (6, 0, 6 * M)]


def sample(machine, align, kind=2):
    va, segments = 0, []
    for rights, file_bytes, mem_bytes in SAMPLE:
        segments.append((va, rights, file_bytes, mem_bytes))
        va = up(va + mem_bytes, align)
    return elf(machine, segments, align, kind)


def planned(smalt, folder, elf_bytes, padding, *words):
    (folder / "kernel.elf").write_bytes(elf_bytes)
    done = subprocess.run([smalt, "plan", folder / "kernel.elf", "--append", f"smalt.tail_padding={padding}", "--json",
                           *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def leaves(plan):
    return sum(plan["pages"]["leaves"].values())


# Worked out by hand: pages, then aarch64's runs of 64K. With 64K nothing is filled up on x86_64, which has no such leaf.
# Text 24 runs; constants 10 runs and 15 pages, or 11 runs; data 4 runs and 11 pages, or 5 runs; zeros 3 leaves of 2M.
LEAVES = {("x86_64", "off"): 384 + 175 + 75 + 3, ("x86_64", "64K"): 384 + 175 + 75 + 3, ("x86_64", "2M"): 6,
          ("aarch64", "off"): 24 + (10 + 15) + (4 + 11) + 3, ("aarch64", "64K"): 24 + 11 + 5 + 3, ("aarch64", "2M"): 6}
PADS = {("x86_64", "2M"): [512 * K, 1348 * K, 1748 * K], ("aarch64", "2M"): [512 * K, 1348 * K, 1748 * K],
        ("aarch64", "64K"): [4 * K, 20 * K]}


@pytest.mark.parametrize("kind", [2, 3])
@pytest.mark.parametrize("padding", ["off", "64K", "2M"])
def test_the_sample_kernel_has_the_leaves_that_were_worked_out(machine, smalt, tmp_path, padding, kind):
    """Rules: P1, P4"""
    plan = planned(smalt, tmp_path, sample(machine, 2 * M, kind), padding, "--ram", "256M")
    assert leaves(plan) == plan["pages"]["lower_bound"] == plan["pages"]["ideal"] == LEAVES[machine, padding]
    pads = [e for e in plan["extents"] if e["backing"] == "pad"]
    assert [int(e["bytes"], 16) for e in pads] == PADS.get((machine, padding), [])
    # a pad has frames of its own, and its row's file bytes are copied to stand before it
    rows = [plan["mappings"][e["mapping"]] for e in pads]
    assert all("copied" in row["flags"] and "in-place" not in row["flags"] for row in rows)
    own = sum(int(row["mem_bytes"], 16) for row in plan["mappings"] if row["object"] is None
              and row["kind"] in ("stack", "fault-stack"))
    assert int(plan["cost"]["zeroed_bytes"], 16) == 6 * M + own + sum(int(e["bytes"], 16) for e in pads)


def test_with_whole_leaves_there_is_no_table_of_pages(machine, smalt, tmp_path):
    """Rules: P4, P7"""
    tables = {padding: planned(smalt, tmp_path, sample(machine, 2 * M), padding, "--ram", "256M")["pages"]["tables"]
              for padding in ("off", "2M")}
    # text, constants and data each had one; read-only memory moved to leaves of its own in the direct map
    assert tables["off"] - tables["2M"] >= 3


def test_contents_are_what_they_are_without(machine, smalt, tmp_path):
    """Rules: M17, P4"""
    contents = {}
    for padding in ("off", "2M"):
        folder = tmp_path / padding
        folder.mkdir()
        planned(smalt, tmp_path, sample(machine, 2 * M), padding, "--contents", folder)
        contents[padding] = {path.stem[3:]: path.read_bytes() for path in folder.iterdir()}
    for at in (0, 2 * M, 4 * M, 6 * M):
        name = f"{BASE[machine] + at:016x}"
        assert contents["off"][name] == contents["2M"][name]


def test_behind_what_fills_up_stays_a_guard(machine, smalt, tmp_path):
    """Rules: M14, P4"""
    modules = [tmp_path / name for name in "abc"]
    for path in modules:
        path.write_bytes(elf(machine, [(0, 5, 900 * K, 900 * K), (2 * M, 6, 100 * K, 2 * M - 40 * K)], 2 * M, 3))
    plan = planned(smalt, tmp_path, sample(machine, 2 * M), "2M", "--ram", "512M",
                   *(f"{path},role=map" for path in modules))
    spans = sorted((int(e["va"], 16), int(e["va"], 16) + int(e["bytes"], 16), plan["mappings"][e["mapping"]]["object"])
                   for e in plan["extents"])
    assert leaves(plan) == 6 + 3 * 2
    for (_, end, owner), (start, _, other) in zip(spans, spans[1:]):
        assert end <= start and (owner == other is not None or end + PAGE <= start or owner is None is other)


def test_nothing_is_filled_up_that_would_waste_memory(machine, smalt, tmp_path):
    """Rules: P4"""
    def pads(ram):
        plan = planned(smalt, tmp_path, sample(machine, 2 * M), "2M", "--ram", ram)
        return [int(e["bytes"], 16) for e in plan["extents"] if e["backing"] == "pad"]
    # 1/64 of 32M is 512K: less than half of the leaf is always worth it
    assert pads("32M") == [512 * K] if machine == "x86_64" else pads("32M")[:1] == [512 * K]
    assert pads("256M") == PADS[machine, "2M"]


def test_segments_without_a_gap_have_nothing_to_fill(machine, smalt, tmp_path):
    """Rules: P1, P4"""
    plan = planned(smalt, tmp_path, sample(machine, 4 * K), "2M", "--ram", "256M")
    # only behind the last one, the zeros, there is room: 6M from 2536K on end at 8680K, 1560K before the leaf's end
    pads = [e for e in plan["extents"] if e["backing"] == "pad"]
    assert [int(e["bytes"], 16) for e in pads] == [1560 * K]
    assert leaves(plan) == plan["pages"]["lower_bound"]


CACHE = "smalt.llc_size=1M smalt.llc_ways=16 smalt.llc_line=64"      # a way of 64K: 16 colors


def test_leaves_are_filled_up_where_colors_leave_them(machine, smalt, tmp_path):
    """Rules: C2, C3, P4"""
    small = elf(machine, [(0, 5, 100 * K, 100 * K), (2 * M, 6, 60 * K, 100 * K)], 2 * M)
    # without it the second module of them would be turned against its addresses: color 0 has enough
    files = [tmp_path / name for name in "abcdef"]
    for path in files:
        path.write_bytes(elf(machine, [(0, 5, 100 * K, 100 * K), (2 * M, 6, 60 * K, 100 * K)], 2 * M, 3))
    modules = [f"{path},role=map" for path in files]
    spread = planned(smalt, tmp_path, small, f"2M {CACHE} smalt.color=spread", "--ram", "1G", *modules)
    assert leaves(spread) == 7 * 2 and {row["leaf"] for row in spread["mappings"] if row["object"] is not None} == {"2M"}
    parted = planned(smalt, tmp_path, small, f"2M {CACHE} smalt.color=partition smalt.colors.kernel=0-3", "--ram", "1G")
    assert "pad" not in {extent["backing"] for extent in parted["extents"]}


@pytest.mark.parametrize("word", ["on", "1M", "0", ""])
def test_other_values_are_refused_with_what_is_expected(machine, smalt, tmp_path, word):
    """Rules: P4"""
    (tmp_path / "kernel.elf").write_bytes(sample(machine, 2 * M))
    done = subprocess.run([smalt, "plan", tmp_path / "kernel.elf", "--append", f"smalt.tail_padding={word}"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert "tail_padding" in done.stderr and "write off, 64K or 2M" in done.stderr and done.stderr.count("\n") == 1


# --- what a kernel gets -----------------------------------------------------------

LINK = guest.Link(page=2 * M, words=("-z", "separate-loadable-segments"))
PADDED = "smalt.tail_padding=2M"


@guest.ALL
def test_a_kernel_is_one_leaf_a_row_and_what_fills_it_up_is_zero_or_traps(platform):
    """Rules: P4, M17"""
    result = guest.boot_guest(platform, "padded", LINK, append=PADDED, ram=512 << 20, prefill=True).success()
    assert result.line("pads") >= 3
    assert result.line("zeroed") > result.line("filled up") > 3 * M


@guest.ALL
def test_the_tables_map_what_fills_up_and_no_alias_grants_more(platform):
    """Rules: M12, P1, P4, P7"""
    link = guest.Link(page=2 * M)        # some rows of several leaves, some that share slots
    guest.boot_guest(platform, "walk", LINK, append=PADDED, ram=512 << 20).success()
    guest.boot_guest(platform, "walk", link, append="smalt.tail_padding=64K", ram=512 << 20).success()


@guest.ALL
def test_code_that_falls_into_what_fills_it_up_is_caught(platform):
    """Rules: P4"""
    result = guest.boot_guest(platform, "execute_pad", LINK, append=PADDED, ram=512 << 20)
    result.expect(126, {"x86_64": r"^smalt: .*breakpoint", "aarch64": r"^smalt: .*undefined"}[platform.machine])
    assert "SUCCESS" not in result.output and "VIOLATED" not in result.output


@guest.EACH_MACHINE
@pytest.mark.parametrize("what", ["module", "row"])
def test_what_fills_up_a_row_goes_with_it(platform, what):
    """Rules: M22, P4"""
    link = guest.Link(page=2 * M, words=("-e", "module_entry", "-z", "separate-loadable-segments"))
    elf_bytes = guest.compile_and_link("module_elf", platform.machine, [guest.GUESTS / "module_elf.c"], link,
                                       ("ZEROS=10000",)).read_bytes()
    result = guest.boot_guest(platform, "narrow", modules={"gone": elf_bytes, "kept": elf_bytes},
                              append=f"{PADDED} {what}", conf="module gone role=map\nmodule kept role=map", ram=1 << 30)
    result.expect(126, r"^narrowed$")
    assert result.line("leaf") == 21
    name = {"module": r"gone segment \d+ r--", "row": r"kept segment \d+ rw-"}[what]
    result.expect(126, rf"^  address  {name} \+0x0")


@guest.EACH_MACHINE
def test_instances_share_what_fills_up_constant_rows(platform):
    """Rules: S3, P4"""
    link = guest.Link(page=2 * M, words=("-e", "module_entry", "-z", "separate-loadable-segments"))
    elf_bytes = guest.compile_and_link("module_elf", platform.machine, [guest.GUESTS / "module_elf.c"], link,
                                       ("ZEROS=10000",)).read_bytes()
    result = guest.boot_guest(platform, "table", append=PADDED, modules={"m": elf_bytes}, ram=1 << 30,
                              conf="module m role=map instances=3").success()
    received = table.Table(result.output)
    rows, extents = received.entries("rows", table.ROW), received.entries("extents", table.EXTENT)
    for row in (r for r in rows if r["object"] in (1, 2, 3)):
        of_row = [e for e in extents if e["row"] == rows.index(row)]
        assert row["leaf_shift"] == 21 and sum(e["bytes"] for e in of_row) == 2 * M
        assert of_row[0]["pa"] % (2 * M) == of_row[0]["va"] % (2 * M) == 0
    guest.boot_guest(platform, "walk", append=PADDED, modules={"m": elf_bytes}, ram=1 << 30,
                     conf="module m role=map instances=3").success()

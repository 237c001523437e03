# SPDX-License-Identifier: BSD-2-Clause
"""Kernels and modules in a.out files: made here from linked programs by a.out(5) and a.out(6), planned and booted."""
import json
import struct
import subprocess

import guest
import pytest

AOUT, PLAN9 = 3, 4
MID = {"x86_64": 157, "aarch64": 183}
MAGIC = {"NMAGIC": 0o410, "ZMAGIC": 0o413, "QMAGIC": 0o314}
PLAN9_MAGIC = {"x86_64": 0x8a97, "aarch64": 0x8c47}
UTZERO = {"x86_64": 0x200000, "aarch64": 0x10000}
PLAN9_ROUND = {"x86_64": 0x200000, "aarch64": 0x10000}
KERNEL = {"x86_64": (0xffffffff80110000, 0x1000), "aarch64": (0xffff8000c0080000, 0x10000)}


def linked(machine, base, align):
    """Text, data, bytes of bss and entry of tests/guests/aout.c, linked to base, data at the next multiple of align."""
    words = ("-T", f"{guest.GUESTS}/aout.ld", "--defsym", f"BASE={base:#x}", "--defsym", f"ROUND={align:#x}")
    elf = guest.build("aout", machine, guest.Link(address=base, words=words)).read_bytes()
    entry, table = struct.unpack_from("<QQ", elf, 24)
    parts = []
    for at in (table, table + 56):
        kind, _, offset, va, _, file_bytes, mem_bytes, _ = struct.unpack_from("<IIQQQQQQ", elf, at)
        assert kind == 1
        parts.append((va, elf[offset:offset + file_bytes], mem_bytes - file_bytes))
    (va, text, _), (data_va, data, bss) = parts
    text = bytes(va - base) + text       # the linker aligned it
    assert data_va == base + len(text) + -(base + len(text)) % align
    return text, data, bss, entry


def classic(machine, magic, text, data, bss, entry):
    head = struct.pack(">I", MID[machine] << 16 | MAGIC[magic])
    paged = magic != "NMAGIC"
    pad = (lambda part: part + bytes(-len(part) % 4096)) if paged else (lambda part: part)
    sizes = struct.pack("<7I", len(text) + (32 if paged else 0), len(data), bss, 0, entry, 0, 0)
    return pad(head + sizes + text) + pad(data)


def plan9(machine, text, data, bss, entry):
    return struct.pack(">8IQ", PLAN9_MAGIC[machine], len(text), len(data), bss, 0, entry & 0xffffffff, 0, 0, entry) \
        + text + data


def kernel_of(machine, kind):
    if kind == "plan9 program":
        return plan9(machine, *linked(machine, UTZERO[machine] + 40, PLAN9_ROUND[machine]))
    if kind == "plan9 kernel":
        return plan9(machine, *linked(machine, *KERNEL[machine]))
    return classic(machine, kind, *linked(machine, 0x1000 if kind == "NMAGIC" else 0x1020, 0x1000))


# What the format says: its number in the handoff, the base, and whether the header is in the text's row.
KINDS = {"NMAGIC": (AOUT, False), "ZMAGIC": (AOUT, True), "QMAGIC": (AOUT, True),
         "plan9 program": (PLAN9, True), "plan9 kernel": (PLAN9, False)}


@guest.EACH_MACHINE
@pytest.mark.parametrize("kind", KINDS)
def test_a_kernel_in_an_a_out_file_runs_where_its_format_says(platform, kind):
    """Rules: M4, M7, M17, M24"""
    machine = platform.machine
    number, header = KINDS[kind]
    data = kernel_of(machine, kind)
    result = guest.boot(platform, data, prefill=True).success()
    base = {"plan9 program": UTZERO[machine], "plan9 kernel": KERNEL[machine][0]}.get(kind, 0x1000)
    assert (result.line("format"), result.line("base")) == (number, base)
    assert result.line("header") == (4 if header else 0)
    assert result.line("first bytes") == (struct.unpack_from("<I", data)[0] if header else 0)


def plan(smalt, *words):
    done = subprocess.run([str(word) for word in (smalt, "plan", *words, "--json")], capture_output=True, text=True)
    return json.loads(done.stdout), done.stderr


def rows(planned, index):
    return [(int(r["va"], 16), int(r["mem_bytes"], 16), int(r["file_bytes"], 16), int(r["file_offset"], 16), r["prot"],
             {"elf-header", "aout-header", "bss"} & set(r["flags"]), r["segment"])
            for r in planned["mappings"] if r["object"] == index]


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_has_the_rows_of_the_format(machine, smalt, tmp_path, kind):
    """Rules: M3, M4, M7"""
    data = kernel_of(machine, kind)
    (tmp_path / "kernel").write_bytes(data)
    planned, line = plan(smalt, tmp_path / "kernel")
    assert line == "" and planned["machine"] == machine
    assert planned["objects"][0]["format"] == ("plan9" if "plan9" in kind else "aout")
    text, data_row = rows(planned, 0)
    head = 32 if "MAGIC" in kind else 40
    fields = ("<" if head == 32 else ">") + "III"
    text_bytes, data_bytes, bss = struct.unpack_from(fields, data, 4)
    if kind == "plan9 program":
        text_bytes += 40
    in_text = KINDS[kind][1]
    offset = 0 if in_text else head
    assert text[1:] == (text_bytes, text_bytes, offset, "r-x", {"aout-header"} if in_text else set(), None)
    data_offset = offset + text_bytes
    if kind in ("ZMAGIC", "QMAGIC"):
        data_offset += -data_offset % 4096
    assert data_row[1:] == (data_bytes + bss, data_bytes, data_offset, "rw-", {"bss"}, None)


def test_a_shared_object_as_a_module_goes_where_there_is_room(machine, smalt, tmp_path):
    """Rules: M6, M7"""
    kernel = guest.build("wait", machine)
    text = classic(machine, "ZMAGIC", b"T" * 0x2345, b"D" * 0x21, 0x3000, 0x20)
    fixed = classic(machine, "ZMAGIC", b"T" * 0x2345, b"D" * 0x21, 0x3000, 0x1020)
    (tmp_path / "shared").write_bytes(text)
    (tmp_path / "fixed").write_bytes(fixed)
    planned, line = plan(smalt, kernel, tmp_path / "shared,role=map", tmp_path / "fixed,role=map")
    assert line == ""
    shared = planned["objects"][1]
    base = int(shared["base"], 16)
    assert base % 4096 == 0 and base > 0x100000 and int(shared["entry"], 16) == base + 0x20
    assert rows(planned, 1) == [
        (base, 0x2365, 0x2365, 0, "r-x", {"aout-header"}, None),
        (base + 0x3000, 0x3021, 0x21, 0x3000, "rw-", {"bss"}, None)]
    assert [row[0] for row in rows(planned, 2)] == [0x1000, 0x4000]


def test_a_raw_module_stays_a_file_whatever_is_in_it(machine, smalt, tmp_path):
    """Rules: M5, M7"""
    (tmp_path / "raw").write_bytes(classic(machine, "ZMAGIC", b"T" * 0x1000, b"", 0, 0x20))
    planned, line = plan(smalt, guest.build("wait", machine), tmp_path / "raw")
    assert line == "" and planned["objects"][1]["format"] == "flat"
    assert [row[4:] for row in rows(planned, 1)] == [("r--", set(), None)]


def test_what_does_not_fit_is_refused_in_one_line(machine, smalt, tmp_path):
    """Rules: M7, M12, M19, M20"""
    other = {"x86_64": "aarch64", "aarch64": "x86_64"}[machine]
    good = kernel_of(machine, "NMAGIC")
    little = struct.pack("<I", MID[machine] << 16 | 0o314) + good[4:]
    i386 = struct.pack(">I", 134 << 16 | 0o413) + good[4:]
    impure = struct.pack(">I", MID[machine] << 16 | 0o407) + good[4:]
    for status, data, words in (("WRONG_MACHINE", good, ("--machine", other)), ("WRONG_CLASS", little, ()),
                                ("WRONG_CLASS", i386, ()), ("WX", impure, ()), ("TRUNCATED", good[:-1], ()),
                                ("WRONG_CLASS", struct.pack(">I", 0x1eb) + bytes(60), ())):
        (tmp_path / "kernel").write_bytes(data)
        planned, line = plan(smalt, tmp_path / "kernel", *words)
        assert planned["status"] == status, line
        assert line.startswith(f"smalt: {tmp_path}/kernel: ") and line.count("\n") == 1 and "segment" not in line
    (tmp_path / "kernel").write_bytes(impure)
    assert plan(smalt, tmp_path / "kernel", "--append", "smalt.wx=allow")[1] == ""

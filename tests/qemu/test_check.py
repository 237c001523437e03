# SPDX-License-Identifier: BSD-2-Clause
"""smalt check: all problems of a file at once, and hints that vanish when they are followed."""
import json
import re
import struct
import subprocess

import guest
import pytest

from test_plan import LOW, elf, small_kernel

# --- helpers ----------------------------------------------------------------------


def check(smalt, *words):
    return subprocess.run([str(word) for word in (smalt, "check", *words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def checked(smalt, *words):
    """The files of the report; exit status and printed lines agree with it."""
    done = check(smalt, *words, "--json")
    report = json.loads(done.stdout)
    assert report["smalt"] == 1 and done.stderr == ""
    assert done.returncode == (1 if any(file["problems"] for file in report["files"]) else 0)
    people = check(smalt, *words)
    assert people.returncode == done.returncode
    assert people.stderr.splitlines() == [f"smalt: {problem['text']}" for file in report["files"]
                                          for problem in file["problems"]]
    hints = [f"{file['file']}: hint: {hint['text']}" for file in report["files"] for hint in file["hints"]]
    assert [line for line in people.stdout.splitlines() if ": hint: " in line] == hints
    return report["files"]


def hints(smalt, path):
    file, = checked(smalt, path)
    assert file["problems"] == []
    return {hint["name"]: hint["text"] for hint in file["hints"]}


SOURCE = """
const char constants[CONSTANTS] __attribute__((used)) = {1};
char data[DATA] = {2};
char zeros[0x5000];
char *pointers[] = { data, zeros };
void _start(void) { for (;;) zeros[0] = *pointers[0]; }
"""
FLAGS = ["-std=c17", "-O1", "-ffreestanding", "-fpie"]
MARKS = {"x86_64": ["-fcf-protection=branch"], "aarch64": ["-mbranch-protection=standard"]}
# Position independent, every segment on its own pages, marked, named: nothing is left to say.
LINK = ["-static", "-pie", "--no-dynamic-linker", "-z", "text", "-z", "separate-loadable-segments", "-z",
        "max-page-size=4096", "--build-id", "-z", "noexecstack", "--strip-debug"]


def without(words, *gone):
    out = list(words)
    for word in gone:
        at = out.index(word)
        del out[at - 1 if out[at - 1] == "-z" else at:at + 1]
    return out


def build(folder, machine, cflags=None, link=None, constants=0x5000, data=0x3000, linker="lld"):
    """A kernel of these sizes."""
    (folder / "kernel.c").write_text(SOURCE)
    guest.tool(["clang", "-target", f"{machine}-unknown-none-elf", *(FLAGS + MARKS[machine] if cflags is None else cflags),
                f"-DCONSTANTS={constants}", f"-DDATA={data}", "-c", folder / "kernel.c", "-o", folder / "kernel.o"])
    tool = ["ld.lld"] if linker == "lld" else list(guest.GNU_LD[machine])
    guest.tool([*tool, *(LINK if link is None else link), folder / "kernel.o", "-o", folder / "kernel.elf"])
    return folder / "kernel.elf"


# --- hints ------------------------------------------------------------------------


def test_a_kernel_linked_as_the_manual_says_gets_no_hint(machine, smalt_checked, tmp_path):
    path = build(tmp_path, machine)
    file, = checked(smalt_checked, path)
    assert file["hints"] == [] and file["status"] == "OK"
    assert (file["machine"], file["role"], file["format"], file["position_independent"]) == \
        (machine, "kernel", "elf64", True)
    assert set(file) == {"file", "status", "machine", "role", "format", "position_independent", "problems", "pages",
                         "hints"}
    line, = check(smalt_checked, path).stdout.splitlines()
    assert re.fullmatch(rf"{path}: kernel, {machine}, elf64, position independent; "
                        r"\S+ in place, \S+ copied, \S+ zero; \d+ leaves", line)


def plan_of(smalt, path):
    return json.loads(subprocess.run([smalt, "plan", path, "--json"], capture_output=True).stdout)


def test_pages_are_those_of_the_plan(machine, smalt_checked, tmp_path):
    path = build(tmp_path, machine)
    pages = checked(smalt_checked, path)[0]["pages"]
    plan = plan_of(smalt_checked, path)
    own = [i for i, row in enumerate(plan["mappings"]) if row["object"] == 0]
    for key, backing in (("in_place_bytes", "in-place"), ("copied_bytes", "copy"), ("zero_bytes", "zero")):
        assert int(pages[key], 16) == sum(int(extent["bytes"], 16) for extent in plan["extents"]
                                          if extent["mapping"] in own and extent["backing"] == backing)
    assert pages["leaves"] == sum(plan["pages"]["leaves"].values())


BIG = {"constants": 0x480000, "data": 0x480000}

# A hint, what brings it (changes of a good kernel), and the words that it must name.
CASES = {
    "first-page": ({"link": without(LINK, "separate-loadable-segments")}, "-z separate-loadable-segments"),
    "distance": ({"link": without(LINK, "separate-loadable-segments"), **BIG}, "-z separate-loadable-segments"),
    "align": ({"link": without(LINK, "max-page-size=4096") + ["-z", "max-page-size=0x200000"], **BIG},
              "-z max-page-size=4096"),
    "fixed": ({"link": without(LINK, "-pie", "--no-dynamic-linker") + ["--image-base=0x800000"]}, "-static -pie"),
    "stack": ({"link": without(LINK, "noexecstack") + ["-z", "execstack"]}, "-z noexecstack"),
    "relro": ({"link": LINK + ["-z", "norelro"]}, "-z relro"),
    "landing-pads": ({"cflags": FLAGS}, {"x86_64": "-fcf-protection=branch",
                                         "aarch64": "-mbranch-protection=standard"}),
    "build-id": ({"link": without(LINK, "--build-id")}, "--build-id"),
}


# Where virt puts a file: at a multiple of 2M, which keeps any promise.
NOT_HERE = {("aarch64", "align")}


@pytest.mark.parametrize("name", CASES)
def test_a_hint_names_an_option_and_vanishes_with_it(machine, smalt_checked, tmp_path, name):
    change, option = CASES[name]
    sizes = {key: value for key, value in change.items() if key in BIG}
    text = hints(smalt_checked, build(tmp_path, machine, **change)).get(name)
    if (machine, name) in NOT_HERE:
        assert text is None
        return
    assert text is not None
    assert (option if isinstance(option, str) else option[machine]) in text
    assert name not in hints(smalt_checked, build(tmp_path, machine, **sizes))


@pytest.mark.parametrize("name", ["first-page", "distance", "align", "fixed"])
def test_following_a_hint_of_pages_is_worth_it(smalt_checked, tmp_path, name):
    """What is promised is measured: fewer leaves, or fewer bytes copied."""
    machine = "x86_64"
    change = {**CASES[name][0], **BIG}
    worse = checked(smalt_checked, build(tmp_path, machine, **change))[0]["pages"]
    better = checked(smalt_checked, build(tmp_path, machine, **BIG))[0]["pages"]
    if name == "first-page":
        assert int(better["copied_bytes"], 16) < int(worse["copied_bytes"], 16)
    else:
        assert better["leaves"] < worse["leaves"]


def test_the_option_for_gnu_ld_works_too(machine, smalt_checked, tmp_path):
    link = without(LINK, "separate-loadable-segments")
    path = build(tmp_path, machine, link=link + ["-z", "noseparate-code"], linker="gnu", **BIG)
    assert "-z separate-code" in hints(smalt_checked, path)["distance"]
    path = build(tmp_path, machine, link=link + ["-z", "separate-code"], linker="gnu", **BIG)
    assert hints(smalt_checked, path) == {}


def test_file_offsets_that_do_not_agree_are_named(machine, smalt_checked, tmp_path):
    good = small_kernel(machine)
    (tmp_path / "good").write_bytes(good)
    assert "offset" not in hints(smalt_checked, tmp_path / "good")
    bad = bytearray(good) + b"x"
    offset, = struct.unpack_from("<Q", bad, 64 + 56 + 8)
    struct.pack_into("<Q", bad, 64 + 56 + 8, offset + 1)
    (tmp_path / "bad").write_bytes(bad)
    text = hints(smalt_checked, tmp_path / "bad")["offset"]
    assert text.startswith("segment 1 is copied, ") and hex(offset + 1) in text and "--nmagic" in text


def test_symbols_that_nobody_maps_are_named_until_the_file_is_stripped(machine, smalt_checked, tmp_path):
    lines = "".join(f"int symbol_with_a_rather_long_name_{i};\n" for i in range(3000))
    (tmp_path / "more.c").write_text(lines)
    guest.tool(["clang", "-target", f"{machine}-unknown-none-elf", *FLAGS, *MARKS[machine], "-c", tmp_path / "more.c",
                "-o", tmp_path / "more.o"])
    path = build(tmp_path, machine, link=LINK + [tmp_path / "more.o"])
    assert "llvm-strip" in hints(smalt_checked, path)["unmapped"]
    guest.tool(["llvm-strip", path])
    assert hints(smalt_checked, path) == {}


def test_a_module_is_planned_beside_a_kernel(machine, smalt_checked, tmp_path):
    """Also one whose name no command line could spell as a module."""
    path = build(tmp_path, machine, link=LINK + ["-e", "0"])
    file, = checked(smalt_checked, path.rename(tmp_path / "a=b,c"))
    assert (file["role"], file["status"], file["hints"]) == ("map", "OK", [])
    assert int(file["pages"]["in_place_bytes"], 16) > 0
    assert ": module (role=map), " in check(smalt_checked, tmp_path / "a=b,c").stdout


def test_symbols_that_only_a_kernel_can_have_are_no_problem_of_a_module(machine, smalt_checked, tmp_path):
    """Planned with a kernel that defines them, it is bound."""
    (tmp_path / "module.c").write_text("extern int number; int *pointer = &number; int other(void) { return 1; }")
    guest.tool(["clang", "-target", f"{machine}-unknown-none-elf", *FLAGS, "-fPIC", *MARKS[machine], "-c",
                tmp_path / "module.c", "-o", tmp_path / "module.o"])
    link = ["-shared", "-z", "separate-loadable-segments", "-z", "max-page-size=4096", "--build-id"]
    guest.tool(["ld.lld", *link, tmp_path / "module.o", "-o", tmp_path / "module.so"])
    file, = checked(smalt_checked, tmp_path / "module.so")
    assert file["role"] == "map" and file["pages"] is not None
    hint, = file["hints"]
    assert hint["name"] == "symbols" and '"number"' in hint["text"] and "smalt plan KERNEL" in hint["text"]


def test_many_problems_end_with_their_number(machine, smalt_checked, tmp_path):
    """Rules: S10"""
    (tmp_path / "bad").write_bytes(elf(machine, [(LOW + 0x1000 * i, 7, b"T", 1) for i in range(60)], LOW))
    done = check(smalt_checked, tmp_path / "bad")
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and len(lines) == 51 and all(": segment " in line for line in lines[:50])
    assert lines[50] == f"smalt: {tmp_path}/bad: 10 more problems: --json lists them all"
    report = json.loads(check(smalt_checked, tmp_path / "bad", "--json").stdout)
    assert [problem["segment"] for problem in report["files"][0]["problems"]] == list(range(60))


def test_files_of_other_formats_are_checked_as_what_they_are(machine, smalt_checked, tmp_path):
    (tmp_path / "text").write_text("no kernel\n")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "core").write_bytes(elf(machine, [(LOW, 6, b"C" * 50, 50)], 0, kind=4))
    (tmp_path / "aout").write_bytes(struct.pack(">I", {"x86_64": 157, "aarch64": 183}[machine] << 16 | 0o410) +
                                    struct.pack("<7I", 100, 20, 0, 0, 0x1000, 0, 0) + bytes(120))
    files = checked(smalt_checked, *(tmp_path / name for name in ("text", "empty", "core", "aout")))
    assert [(file["role"], file["format"], file["machine"]) for file in files] == [
        ("raw", "flat", None), ("raw", "flat", None), ("raw", "elf64", machine), ("kernel", "aout", machine)]
    assert all(file["hints"] == [] for file in files)


# --- archives ---------------------------------------------------------------------


def test_files_that_an_archive_puts_between_pages_are_named_until_it_is_packed(machine, smalt_checked, tmp_path):
    path = build(tmp_path, machine)
    loose = guest.archive({"smalt.conf": b"kernel kernel.elf\n", "kernel.elf": path.read_bytes()}, align=4)
    (tmp_path / "boot.cpio").write_bytes(loose)
    file, = checked(smalt_checked, tmp_path / "boot.cpio")
    assert file["file"] == f"{tmp_path}/boot.cpio:kernel.elf"
    hint, = file["hints"]
    assert hint["name"] == "archive" and "smalt pack" in hint["text"]
    assert int(file["pages"]["in_place_bytes"], 16) == 0
    subprocess.run([smalt_checked, "pack", "-o", tmp_path / "packed.cpio", path], check=True)
    file, = checked(smalt_checked, tmp_path / "packed.cpio")
    assert file["hints"] == [] and int(file["pages"]["in_place_bytes"], 16) > 0


def test_problems_of_every_file_in_an_archive_are_listed(machine, smalt_checked, tmp_path):
    """Rules: S10"""
    bad = bytearray(small_kernel(machine))
    bad[20] = 9                          # e_version
    files = {"smalt.conf": b"kernel a\nmodule b role=map\n", "a": bytes(bad), "b": bytes(bad), "text": b"no kernel"}
    (tmp_path / "boot.cpio").write_bytes(guest.archive(files))
    reports = checked(smalt_checked, tmp_path / "boot.cpio")
    assert [file["file"] for file in reports] == [f"{tmp_path}/boot.cpio:{name}" for name in "ab"]
    assert all([problem["field"] for problem in file["problems"]] == ["e_version"] for file in reports)
    files["a"] = files["b"] = small_kernel(machine)
    files["smalt.conf"] = b"kernel a\nmodule b role=wrong\n"
    (tmp_path / "boot.cpio").write_bytes(guest.archive(files))
    file, = checked(smalt_checked, tmp_path / "boot.cpio")
    assert file["status"] == "BAD_CONFIG" and ":smalt.conf:2:" in file["problems"][0]["text"]
    (tmp_path / "cut.cpio").write_bytes(guest.archive(files)[:-200])
    file, = checked(smalt_checked, tmp_path / "cut.cpio")
    assert file["status"] in ("BAD_ARCHIVE", "TRUNCATED")


# --- problems ---------------------------------------------------------------------


def test_all_problems_of_a_file_are_printed_each_in_one_line(machine, smalt_checked, tmp_path):
    """Rules: S10, M12, M19, M20"""
    data = bytearray(elf(machine, [(LOW, 7, b"T" * 64, 64), (LOW + 0x1000, 7, b"D" * 64, 64),
                                   (1 << 60, 4, b"R" * 64, 64)], 0x99))
    struct.pack_into("<I", data, 20, 2)                # e_version
    struct.pack_into("<Q", data, 40, 1)                # e_shoff
    (tmp_path / "bad").write_bytes(data)
    file, = checked(smalt_checked, tmp_path / "bad")
    found = [(problem["status"], problem["field"], problem["segment"]) for problem in file["problems"]]
    assert found == [("BAD_HEADER", "e_version", None), ("BAD_HEADER", "sections", None), ("WX", "p_flags", 0),
                     ("WX", "p_flags", 1), ("BAD_ENTRY", "e_entry", None), ("NO_ADDRESS", "virtual address", 2)]
    assert file["status"] == "BAD_HEADER" and file["pages"] is None and file["hints"] == []


def test_a_good_file_beside_bad_ones_is_reported_and_the_status_is_refused(machine, smalt_checked, tmp_path):
    path = build(tmp_path, machine)
    (tmp_path / "bad").write_bytes(path.read_bytes()[:100])
    files = checked(smalt_checked, tmp_path / "bad", path, tmp_path / "none")
    assert [file["status"] for file in files] == ["BAD_HEADER", "OK", "NOT_FOUND"]


def test_another_machine_is_a_problem(machine, smalt_checked, tmp_path):
    other = {"x86_64": "aarch64", "aarch64": "x86_64"}[machine]
    path = build(tmp_path, machine)
    assert checked(smalt_checked, path, "--machine", machine)[0]["status"] == "OK"
    assert checked(smalt_checked, path, "--machine", other)[0]["status"] == "WRONG_MACHINE"
    data = bytearray(path.read_bytes())
    data[18:20] = b"\xf3\0"              # RISC-V
    (tmp_path / "other").write_bytes(data)
    assert checked(smalt_checked, tmp_path / "other")[0]["status"] == "WRONG_MACHINE"


def test_what_only_a_machine_can_refuse_is_a_problem_too(machine, smalt_checked, tmp_path):
    path = build(tmp_path, machine, constants=64 << 20)
    assert checked(smalt_checked, path)[0]["status"] == "OK"
    file, = checked(smalt_checked, path, "--ram", "32M")
    assert file["status"] == "NO_MEMORY" and file["problems"][0]["object"] == str(path)


FILES = sorted((guest.BUILD / "data").glob("*/*.*"))
# As a module, which check does not know to be meant as a kernel, they are right.
MODULES = {"entry_zero", "relocatable_as_kernel"}


@pytest.mark.parametrize("status", sorted({path.parent.name for path in FILES}))
def test_every_malformed_file_has_the_problem_that_it_is_filed_under(smalt_checked, status):
    """Rules: S10, M20"""
    paths = [path for path in FILES if path.parent.name == status and path.stem not in MODULES]
    for path, file in zip(paths, (checked(smalt_checked, path) for path in paths)):
        problems = [problem["status"] for report in file for problem in report["problems"]]
        assert (problems == []) == (status == "OK"), path
        assert status == "OK" or problems[0] == status, (path, problems)
        lines = [problem["text"] for report in file for problem in report["problems"]]
        assert len(set(lines)) == len(lines), path


@pytest.mark.parametrize("words, line", [
    ([], "a file is missing: smalt check FILE..."),
    (["--machine", "riscv", "x"], "--machine riscv: choose "),
    (["--ram", "much", "x"], "--ram much: write a size"),
    (["--jason", "x"], "unknown option --jason: did you mean --json?"),
])
def test_wrong_words_are_usage(smalt_checked, words, line):
    done = check(smalt_checked, *words)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(f"smalt: {line}") and done.stderr.count("\n") == 1

# SPDX-License-Identifier: BSD-2-Clause
"""smalt pack: archives that cpio reads, whose files can be used where they lie."""
import json
import os
import pathlib
import subprocess

import guest
import pytest

PAGE = 4096


def run(smalt, *words, **how):
    return subprocess.run([str(word) for word in (smalt, *words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, **how)


def pack(smalt, out, *words):
    done = run(smalt, "pack", "-o", out, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == ""
    return pathlib.Path(out).read_bytes()


def entries(archive):
    """cpio(5), strictly: each header where the padded data before it ends."""
    found, at = [], 0
    while True:
        assert archive[at:at + 6] == b"070701", f"no header at {at:#x}"
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        (_, mode, uid, gid, links, mtime, size, _, _, _, _, name_size, check) = fields
        name = archive[at + 110:at + 110 + name_size]
        assert name[-1:] == b"\0"
        data = at + 110 + name_size
        data += -data % 4
        name = name.split(b"\0")[0].decode()
        found.append({"name": name, "mode": mode, "ino": fields[0], "mtime": mtime, "owner": (uid, gid), "links": links,
                      "check": check, "offset": data, "name_size": name_size, "bytes": archive[data:data + size]})
        assert len(found[-1]["bytes"]) == size
        at = data + size
        assert archive[at:at + -at % 4] == b"\0" * (-at % 4)
        at += -at % 4
        if name == "TRAILER!!!":
            assert name_size == 11
            assert at == len(archive)
            return found


def files_of(archive):
    return {e["name"]: e["bytes"] for e in entries(archive) if e["mode"] & 0o170000 == 0o100000}


@pytest.fixture
def files(tmp_path):
    """Files of awkward sizes; their names are their sizes."""
    for size in (0, 1, 3, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE - 111):
        (tmp_path / f"f{size}").write_bytes(bytes(i % 251 for i in range(size)))
    return tmp_path


def test_every_file_begins_on_a_page_and_reads_back(smalt, files):
    names = sorted(path.name for path in files.iterdir())
    archive = pack(smalt, files / "out", *(files / name for name in names))
    found = files_of(archive)
    assert list(found) == ["smalt.conf", *names]
    for entry in entries(archive)[:-1]:
        if entry["mode"] & 0o170000 == 0o100000:
            assert entry["offset"] % PAGE == 0
            assert (entry["mtime"], entry["owner"], entry["check"]) == (0, (0, 0), 0)
    for name in names:
        assert found[name] == (files / name).read_bytes()
    numbers = [entry["ino"] for entry in entries(archive)]
    assert numbers == list(range(1, len(numbers) + 1))


def offsets(archive):
    return [entry["offset"] for entry in entries(archive)[:-1]
            if entry["mode"] & 0o170000 == 0o100000 and entry["name"] != "smalt.conf"]


@pytest.mark.parametrize("line,align", [("pages 16K", 0x10000), ("pages 64K", 0x10000), ("pages 4K", PAGE)])
def test_for_larger_pages_every_file_begins_on_one(smalt, files, line, align):
    """Rules: S11"""
    names = ["f0", "f1", f"f{PAGE + 1}", f"f{3 * PAGE - 111}"]
    for conf in f"{line}\nkernel f0\n", f"entry a\nkernel f0\nentry b\nkernel f1\n{line}\n":
        (files / "conf").write_text(conf)
        archive = pack(smalt, files / "out", "--conf", files / "conf", *(files / name for name in names))
        assert all(offset % align == 0 for offset in offsets(archive))
        assert any(offset % 0x10000 for offset in offsets(archive)) == (align == PAGE)
        for name in names:
            assert files_of(archive)[name] == (files / name).read_bytes()


def test_name_fields_stay_within_what_linux_reads(smalt, tmp_path):
    """init/initramfs.c skips entries whose c_namesize exceeds PATH_MAX, 4096."""
    for size in range(3700, 4096, 12):
        (tmp_path / "kernel").write_bytes(b"x" * size)
        (tmp_path / "m").write_bytes(b"y")
        for entry in entries(pack(smalt, tmp_path / "out", tmp_path / "kernel", f"{'n' * 200}={tmp_path}/m")):
            assert entry["name_size"] <= 4096
            assert entry["offset"] % PAGE == 0 or not entry["bytes"]


def test_the_same_files_give_the_same_archive(smalt, files):
    first = pack(smalt, files / "a", files / "f1", files / "f4096")
    os.utime(files / "f1", (1, 1))
    (files / "f4096").chmod(0o700)
    assert pack(smalt, files / "b", files / "f1", files / "f4096") == first


def test_the_generated_configuration_names_kernel_and_modules(smalt, files):
    archive = pack(smalt, files / "out", f"my kernel={files}/f1", f"{files}/f3,role=raw,name=first",
                   f'a#b={files}/f0,args=say "hi", twice\\')
    assert files_of(archive)["smalt.conf"].decode() == (
        'kernel "my kernel"\n'
        "module f3 role=raw name=first\n"
        'module a#b args="say \\"hi\\", twice\\\\"\n')


def test_arguments_reach_the_plan_as_they_were_given(smalt, files, machine):
    args = 'two  blanks "quotes" \\ #no comment, a comma'
    kernel = guest.build("cmdline", machine)
    pack(smalt, files / "out", kernel, f"{files}/f3,args={args}")
    done = run(smalt, "plan", "--archive", files / "out", "--json")
    assert [o["args"] for o in json.loads(done.stdout)["objects"]] == ["", args]


def test_a_configuration_of_ones_own_is_taken_as_it_is(smalt, files):
    conf = b"# mine\nentry one\nkernel f1\n"
    (files / "my.conf").write_bytes(conf)
    archive = pack(smalt, files / "out", "--conf", files / "my.conf", files / "f1", f"other={files}/f3")
    found = files_of(archive)
    assert found["smalt.conf"] == conf
    assert list(found) == ["smalt.conf", "f1", "other"]


@pytest.mark.parametrize("words, said", [
    (["f1", "f1"], "two files have it"),
    (["f1", "smalt.conf=f3"], "--conf"),
    (["f1", "TRAILER!!!=f3"], "TRAILER!!!"),
    (["f1", "=f3"], "choose one with NAME=FILE"),
    (["f1", "x" * 256 + "=f3"], "name in the archive"),
    (["missing"], "missing: open: NOT_FOUND"),
    (["."], "Is a directory"),
    (["f1", "f3,rolle=raw"], "role"),
    (["f1", "f3,role=rwa"], "role"),
    (["f1", "f3,role"], "KEY=VALUE"),
    (["f1,role=raw"], "options are for modules"),
    (["f1", "f3,args=a\nb"], "line"),
    (["--conf", "bad.conf", "f1"], "kernel"),
    (["--conf", "good.conf", "f1", "f3,role=raw"], "with --conf"),
])
def test_what_cannot_be_packed_is_refused_and_the_old_archive_stays(smalt, files, words, said):
    (files / "bad.conf").write_text("kernell f1\n")
    (files / "good.conf").write_text("kernel f1\n")
    (files / "out").write_bytes(b"old")
    before = sorted(files.iterdir())
    done = run(smalt, "pack", "-o", "out", *words, cwd=files)
    assert done.returncode == 1
    assert done.stderr.startswith("smalt: ") and done.stderr.count("\n") == 1
    assert said in done.stderr
    assert (files / "out").read_bytes() == b"old"
    assert sorted(files.iterdir()) == before


@pytest.mark.parametrize("words", [[], ["f1"], ["-o"], ["-o", "out"], ["-o", "out", "--cnof", "x", "f1"]])
def test_a_wrong_command_line_is_2(smalt, files, words):
    done = run(smalt, "pack", *words, cwd=files)
    assert done.returncode == 2
    assert done.stderr.startswith("smalt: ") and done.stderr.count("\n") == 1


def test_a_full_disk_leaves_the_old_archive(smalt, files):
    """No file may grow: the write fails in the middle."""
    (files / "out").write_bytes(b"old")
    before = sorted(files.iterdir())
    done = run("sh", "-c", 'trap "" XFSZ; ulimit -f 8; exec "$0" "$@"', smalt, "pack", "-o", files / "out",
               files / "f4096", files / "f12177", f"again={files}/f12177")
    assert done.returncode == 1, done.stderr
    assert "write" in done.stderr
    assert (files / "out").read_bytes() == b"old"
    assert sorted(files.iterdir()) == before


def test_the_archive_is_readable_as_the_umask_says(smalt, files):
    pack(smalt, files / "out", files / "f1")
    assert (files / "out").stat().st_mode & 0o777 == 0o666 & ~current_umask()


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""extract.py: assembles the blobs and writes each as OUT/STATUS/NAME.elf (or .cpio).

    extract.py OUT [FILE.S ...]      all sources beside this file by default

A blob is a section .blob.STATUS.NAME (.cpio.STATUS.NAME); STATUS is what reading
and planning it as a kernel, or as a boot archive, must give.
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SUFFIXES = {"blob": ".elf", "cpio": ".cpio"}


def assemble(source, target):
    subprocess.run([os.environ.get("CC", "clang"), "-target", "x86_64-unknown-none-elf",
                    "-I", str(HERE), "-c", "-x", "assembler", "-o", str(target), str(source)],
                   check=True)


def sections(data):
    """(name, bytes) of every section of an ELF64 object file."""
    table, = struct.unpack_from("<Q", data, 40)
    count, names_index = struct.unpack_from("<HH", data, 60)
    headers = [struct.unpack_from("<IIQQQQ", data, table + 64 * i) for i in range(count)]
    names = headers[names_index][4]
    for name, _, _, _, start, size in headers:
        begin = names + name
        yield data[begin:data.index(b"\0", begin)].decode(), data[start:start + size]


def blobs(data):
    """(path below OUT, bytes) of every blob of an object file."""
    for name, content in sections(data):
        parts = name.split(".")
        if len(parts) == 4 and parts[1] in SUFFIXES:
            yield pathlib.Path(parts[2]) / (parts[3] + SUFFIXES[parts[1]]), content


def write(out, files):
    """Writes the files, and removes what an older source left there."""
    for path, content in files.items():
        (out / path.parent).mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content)
    for old in out.glob("*/*"):
        if old.suffix in SUFFIXES.values() and old.relative_to(out) not in files:
            old.unlink()


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    sources = [pathlib.Path(a) for a in arguments[1:]] or sorted(HERE.glob("*.S"))
    files = {}
    with tempfile.TemporaryDirectory() as scratch:
        for source in sources:
            target = pathlib.Path(scratch) / (source.stem + ".o")
            assemble(source, target)
            files.update(blobs(target.read_bytes()))
    write(pathlib.Path(arguments[0]), files)


main(sys.argv[1:])

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


def write_blobs(data, out):
    for name, content in sections(data):
        parts = name.split(".")
        if len(parts) != 4 or parts[1] not in SUFFIXES:
            continue
        folder = out / parts[2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / (parts[3] + SUFFIXES[parts[1]])).write_bytes(content)


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    sources = [pathlib.Path(a) for a in arguments[1:]] or sorted(HERE.glob("*.S"))
    with tempfile.TemporaryDirectory() as scratch:
        for source in sources:
            target = pathlib.Path(scratch) / (source.stem + ".o")
            assemble(source, target)
            write_blobs(target.read_bytes(), pathlib.Path(arguments[0]))


main(sys.argv[1:])

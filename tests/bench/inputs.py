# SPDX-License-Identifier: BSD-2-Clause
"""inputs.py: kernels, machines and archives of any size for the planner, and what must be planned of them.

Each is of the kind that makes a list long: program headers, memory ranges, modules. They come in an
order that has nothing to do with addresses, so that a search that begins at one end finds nothing soon.
"""
import collections
import random
import struct

PAGE, LEAF, GIB = 4096, 2 << 20, 1 << 30
TEXT, SEGMENTS = 0x400000, 0x1000000
X86_64 = 62
PN_XNUM = 0xffff

# What smalt plan is called with, how many rows objects have, addresses that are among theirs, leaves of 4K and of 2M
Input = collections.namedtuple("Input", "words rows vas small large")


def elf(segments, entry, kind=2):
    """An ELF64 file of (va, rights, file bytes, mem bytes), all from the page behind the headers.

    The number of headers stands in section 0 (gABI, PN_XNUM), whether it fits into e_phnum or not.
    """
    sections = 64 + 56 * len(segments)
    data = sections + 64 + -(sections + 64) % PAGE
    out = bytearray(b"\x7fELF\2\1\1" + bytes(9))
    out += struct.pack("<HHIQQQIHHHHHH", kind, X86_64, 1, entry, 64, sections, 0, 64, 56, PN_XNUM, 64, 1, 0)
    for va, rights, file_bytes, mem_bytes in segments:
        out += struct.pack("<IIQQQQQQ", 1, rights, data + va % PAGE, va, va, file_bytes, mem_bytes, PAGE)
    out += struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, len(segments), 0, 0)
    return bytes(out + bytes(data + PAGE - len(out)))


def kernel(*more):
    return elf([(TEXT, 5, PAGE, PAGE), *more], TEXT)


def headers(folder, count):
    """A kernel of so many segments, each on a page of its own, in any order; every one is a row."""
    segments = [(SEGMENTS + 2 * PAGE * i, 4 + i % 2 * 2, 64 + i % 1000, 64 + i % 3000) for i in range(count - 1)]
    random.Random(count).shuffle(segments)
    path = folder / f"headers-{count}.elf"
    path.write_bytes(kernel(*segments))
    return Input(["--ram", "2G", path], count, [TEXT] + [va for va, *_ in segments], count, 0)


def ranges(folder, count):
    """A machine with so many pieces of memory, and a kernel that needs most of them.

    The pieces have 1 to 4 pages, of which many segments need 3 and the longest must take all that there is;
    one in fifty is as long as a leaf, but none: 2M behind a page.
    """
    lines, at = ["machine x86_64", "path pvh", "cpu leaf_mask=7", "memory 1M 16M reclaimable", "loader 1M 2M"], 16 << 20
    for i in range(count):
        if i % 50 == 49:
            at, pages = at + -at % LEAF + PAGE, LEAF // PAGE
        else:
            pages = 1 + i % 4
        lines.append(f"memory {at:#x} {at + PAGE * pages:#x} usable")
        at += PAGE * (pages + 1)
    at += -at % LEAF
    lines.append(f"memory {at:#x} {at + (64 << 20):#x} usable")
    small = [(SEGMENTS + 4 * PAGE * i, 6, 0, 3 * PAGE) for i in range(count // 4)]
    large = [(GIB + LEAF * i, 6, 0, LEAF if i < 16 else 400 * PAGE) for i in range(16 + count // 1000)]
    image, path = folder / f"ranges-{count}.elf", folder / f"ranges-{count}.env"
    image.write_bytes(kernel(*small, *large))
    lines.append(f"file initrd 4M {image.stat().st_size}")
    random.Random(count).shuffle(lines)
    path.write_text("\n".join(lines) + "\n")
    segments = [TEXT] + [va for va, *_ in small + large]
    pages = 1 + 3 * len(small) + 400 * (len(large) - 16)
    return Input(["--env", path, image], len(segments), segments, pages, 16)


def append(archive, name, data, page):
    """An entry of a newc archive (cpio(5)); with page its data begins on one, as smalt pack has it."""
    padded = name.encode() + b"\0"
    padded += bytes(-(len(archive) + 110 + len(padded)) % (PAGE if page else 4))
    fields = (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(padded), 0)
    archive += b"070701" + b"".join(b"%08X" % field for field in fields) + padded + data
    archive += bytes(-len(archive) % 4)


def modules(folder, count):
    """So many modules: some lie on pages, some not, some are objects, some have an address, downwards."""
    small = elf([(0, 5, 64, 64), (2 * PAGE, 6, 64, 3000)], 0, 3)
    files = [(f"m{i}", small if i % 8 == 0 else b"%d" % i * 50, i) for i in range(count)]
    places = {i: 0x7f0000000000 - 0x10000 * i for i in range(1, count, 4)}
    conf = ["kernel kernel.elf"]
    for name, data, i in files:
        where = f" va={places[i]:#x}" if i in places else ""
        conf.append(f"module {name} role={'map' if data is small else 'raw'}{where}")
    random.Random(count).shuffle(files)
    archive = bytearray()
    append(archive, "smalt.conf", "\n".join(conf).encode() + b"\n", False)
    append(archive, "kernel.elf", kernel(), True)
    for name, data, i in files:
        append(archive, name, data, i % 2)
    append(archive, "TRAILER!!!", b"", False)
    path = folder / f"modules-{count}.cpio"
    path.write_bytes(archive)
    rows = 1 + count + (count + 7) // 8
    return Input(["--archive", path], rows, [TEXT, *places.values()], rows, 0)


# kind, sizes
SIZES = (
    (headers, (16384, 32768, 65535)),
    (ranges, (25000, 50000, 100000)),
    (modules, (2500, 5000, 10000)),
)

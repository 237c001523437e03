# SPDX-License-Identifier: BSD-2-Clause
"""fdt.py: QEMU's devicetree with more in it (Devicetree Specification 0.4, chapter 5)."""
import struct

import guest

BEGIN_NODE, END_NODE, PROP, END = 1, 2, 3, 9


class Tree:
    """A flattened tree: reservations, the tokens of the structure, strings."""

    def __init__(self, blob):
        head = struct.unpack(">10I", blob[:40])
        assert head[0] == 0xd00dfeed
        self.boot_cpu, self.strings = head[7], bytearray(blob[head[3]:head[3] + head[8]])
        structure = blob[head[2]:head[2] + head[9]]
        assert structure[-8:] == struct.pack(">2I", END_NODE, END)
        self.structure = bytearray(structure[:-8])        # the root is still open
        self.reservations = bytearray()

    def reserve(self, pa, size):
        """A line of /memreserve/."""
        self.reservations += struct.pack(">2Q", pa, size)

    def begin(self, name):
        self.structure += struct.pack(">I", BEGIN_NODE) + padded(name.encode() + b"\0")

    def end(self):
        self.structure += struct.pack(">I", END_NODE)

    def prop(self, name, value=b""):
        offset = self.strings.find(name.encode() + b"\0")
        if offset < 0:
            offset = len(self.strings)
            self.strings += name.encode() + b"\0"
        self.structure += struct.pack(">3I", PROP, len(value), offset) + padded(value)

    def blob(self):
        reservations = bytes(self.reservations) + bytes(16)
        structure = bytes(self.structure) + struct.pack(">2I", END_NODE, END)
        start = 40 + len(reservations)
        total = start + len(structure) + len(self.strings)
        head = struct.pack(">10I", 0xd00dfeed, total, start, start + len(structure), 40, 17, 16,
                           self.boot_cpu, len(self.strings), len(structure))
        return head + reservations + structure + bytes(self.strings)


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def of_machine(platform, path, **machine):
    """The tree that QEMU would pass."""
    words = guest.qemu_words(platform, machine_words=f",dumpdtb={path}", **machine)
    guest.tool(words)
    return Tree(path.read_bytes())


def reserved_memory(tree, regions):
    """/reserved-memory with {name: (pa, size, no_map)}; the root's cells are two and two."""
    cells = struct.pack(">I", 2)
    tree.begin("reserved-memory")
    tree.prop("#address-cells", cells)
    tree.prop("#size-cells", cells)
    tree.prop("ranges")
    for name, (pa, size, no_map) in regions.items():
        tree.begin(f"{name}@{pa:x}")
        tree.prop("reg", struct.pack(">2Q", pa, size))
        if no_map:
            tree.prop("no-map")
        tree.end()
    tree.end()

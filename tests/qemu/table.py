# SPDX-License-Identifier: BSD-2-Clause
"""table.py: the handoff decoded from its bytes, by the layout that docs/handoff.md gives."""
import re
import struct

ROW = ("<5Q16I", "va mem_bytes file_bytes file_offset data_offset prot flags kind object segment instance "
       "leaf_shift why color n0 n1 n2 n3 n4 n5 n6")
EXTENT = ("<3Q6I", "va pa bytes row backing prot memory leaf_shift color")
MEMORY = ("<2Q2I", "pa bytes type reserved")
OBJECT = ("<2Q4I10Q2I15Q3I", "name_va args_va role format flags stack_prot bytes_pa file_bytes base bias image_start "
          "image_end entry phdr_va counts section_offset section_count section_entry_bytes "
          "tls_va tls_file_bytes tls_mem_bytes tls_align dynamic_va dynamic_bytes relro_va relro_bytes interp_va "
          "build_id_va build_id_bytes init_array_va init_array_bytes fini_array_va fini_array_bytes "
          "features va_bits pa_bits")
NONE = 0xffffffff
PATH_UEFI = 3
COLORING = 104  # struct smalt_coloring, the last
AFTER_PROFILE = 16 + 3 * 4 + 4 + 8 + 16 + 8 + COLORING  # colors, framebuffer_mask ... coloring
KINDS = "object stack handoff jump cpu reporter fault-stack serial acpi devicetree framebuffer smbios efi-runtime".split()
WHY = "nothing alignment size rights fragmentation in-place color".split()
BACKING = "in-place copy zero pad device shared".split()
CACHE = "write-back write-combine device".split()
TYPES = ("- usable reclaimable boot-services object smalt-tables smalt-resident acpi-reclaim acpi-nvs "
         "efi-runtime-code efi-runtime-data reserved mmio bad persistent specific-purpose unaccepted").split()
FLAGS = ("elf-header phdr-table aout-header padding relro bss in-place copied shared shared-page widened wx "
         "va-moved textrel guarded").split()
ROLES = "- kernel raw map".split()
FORMATS = "flat elf64 image aout plan9".split()
LEAVES = {0: None, 12: "4K", 14: "16K", 16: "64K", 21: "2M", 25: "32M", 29: "512M", 30: "1G", 34: "16G"}


class Table:
    """What a guest of tests/guests/table.c printed."""

    def __init__(self, output):
        found = re.search(r"^handoff (0x[0-9a-f]+)\n((?:[0-9a-f]+\n)+)end$", output, re.M)
        assert found, output
        self.va = int(found[1], 16)
        self.data = bytes.fromhex(found[2].replace("\n", ""))
        (self.magic, self.version, self.bytes, self.pa, self.total_bytes, self.machine, self.path) = \
            self.unpack("<Q2I2Q2I", 0)
        names = ("objects", "rows", "extents", "memory", "notes")
        self.arrays = {name: self.unpack("<Q2I", 40 + 16 * i) for i, name in enumerate(names)}
        (self.cmdline_va, self.cmdline_bytes, root0, root1, self.tables_pa, self.tables_bytes) = \
            self.unpack("<6Q", 120)
        self.root_pa = [root0, root1]
        self.granule_shift, self.levels, *self.leaf_shift = self.unpack("<9I", 168)
        self.tables_count, = self.unpack("<I", 204)
        self.direct_map_va, self.direct_map_bytes = self.unpack("<2Q", 208)

    def unpack(self, layout, offset):
        return struct.unpack_from(layout, self.data, offset)

    def text(self, va):
        start = va - self.va
        return self.data[start:self.data.index(b"\0", start)].decode()

    def entries(self, name, layout):
        """The array as dictionaries, walked by its own entry_bytes."""
        va, count, entry_bytes = self.arrays[name]
        assert entry_bytes >= struct.calcsize(layout[0])
        return [dict(zip(layout[1].split(), self.unpack(layout[0], va - self.va + i * entry_bytes)))
                for i in range(count)]

    def profile(self):
        """struct smalt_profile, found from the end of what docs/handoff.md lists."""
        words = struct.unpack_from("<23Q", self.data, self.bytes - AFTER_PROFILE - 23 * 8)
        return {"copied_bytes": words[0], "zeroed_bytes": words[1], "in_place_bytes": words[2],
                "frames": words[3], "leaves": words[7:14], "lower_bound": words[14], "ideal": words[15],
                "direct_leaves": words[16:23],
                "read_bytes": self.unpack("<Q", self.bytes - COLORING - 8)[0]}


def rights(prot):
    return "".join(c if prot & bit else "-" for c, bit in zip("rwx", (4, 2, 1))) + ("u" if prot & 8 else "")


def flags(bits):
    return [name for i, name in enumerate(FLAGS) if bits >> i & 1]

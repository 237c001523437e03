# SPDX-License-Identifier: BSD-2-Clause
"""payload.py: kernels that do nothing but be there, of any size of file and of bss.

Each loader gets the kind that it boots; all are one page of code, read-only or
initialized bytes up to the size of the file, then bss. Their first block is MARK,
which no firmware has.
"""
import re
import struct

from symbols import command

MIB = 1 << 20
PAGE = 4096

SCRIPT = """
ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6); }
SECTIONS
{
	. = base;
	.text : { *(.text) } :text
	. = ALIGN(4096);
	.rodata : { BYTE(1) . += file_bytes - 8193; } :rodata
	.dynamic : { *(.dynamic) } :data
	.got : { *(.got .got.plt) } :data
	.data : { BYTE(1) . = ALIGN(4096); } :data
	.bss : { . += bss_bytes; } :data
	/DISCARD/ : { *(.comment .note.* .eh_frame) }
}
"""

# Two registers get a number, then it waits; on x86_64 the same bytes serve in 32-bit mode.
MARK = {
    "x86_64": bytes.fromhex("b8534d414c" "bb54534d41" "ebfe"),
    "aarch64": struct.pack("<III", 0x52800000 | 0x534d << 5, 0x52800001 | 0x414c << 5, 0x14000000),
}
PE_MACHINE = {"x86_64": 0x8664, "aarch64": 0xaa64}

# Multiboot2 specification, 3.1.1; the only tag is the one that ends the list.
MULTIBOOT2 = """
	.balign 8
1:	.long 0xe85250d6, 0, 2f - 1b, -(0xe85250d6 + (2f - 1b))
	.short 0, 0
	.long 8
2:
"""
# Below, OVMF keeps some frames, and GRUB copies twice what it could not put in place.
MULTIBOOT2_BASE = 64 * MIB


def entry_of(elf):
    return int(re.search(r"Entry point address:\s+(0x\w+)", command("readelf", "-hW", elf))[1], 16)


class Payloads:
    """One machine's kernels, made in a folder."""

    def __init__(self, machine, folder):
        self.machine, self.folder = machine, folder
        (folder / "kernel.ld").write_text(SCRIPT)
        for name, header in ("start", ""), ("multiboot2", MULTIBOOT2):
            code = ",".join(map(str, MARK[machine]))
            (folder / f"{name}.S").write_text(f"{header}\n\t.globl _start\n_start:\t.byte {code}\n")
            command("clang", "-target", f"{machine}-unknown-none-elf", "-c",
                    folder / f"{name}.S", "-o", folder / f"{name}.o")

    def object(self, name, file_bytes, bss_bytes, *flags, base=0, start="start"):
        elf = self.folder / name
        command("ld.lld", *flags, "-z", "max-page-size=4096", f"--defsym=base={base:#x}",
                f"--defsym=file_bytes={file_bytes:#x}", f"--defsym=bss_bytes={bss_bytes:#x}",
                "-T", self.folder / "kernel.ld", self.folder / f"{start}.o", "-o", elf)
        return elf

    def kernel(self, file_mib, bss_mib, base):
        return self.object("kernel.elf", file_mib * MIB, bss_mib * MIB, "-static", base=base)

    def multiboot2(self, file_mib, bss_mib):
        return self.object("multiboot2.elf", file_mib * MIB, bss_mib * MIB, "-static", base=MULTIBOOT2_BASE,
                           start="multiboot2")

    def pe(self, file_mib, bss_mib):
        """An EFI application. Format: PE/COFF specification, 3 and 4."""
        data = file_mib * MIB - 2 * PAGE
        end = 2 * PAGE + data + bss_mib * MIB
        headers = struct.pack("<60xI4sHHIIIHH", 64, b"PE\0\0", PE_MACHINE[self.machine], 2, 0, 0, 0, 112, 0x20e)
        headers = b"MZ" + headers[2:]
        headers += struct.pack("<HBBIIIII", 0x20b, 0, 0, PAGE, data, end - 2 * PAGE - data, PAGE, PAGE)
        headers += struct.pack("<QII6H4I2H4Q2I", 0, PAGE, PAGE, *[0] * 6, 0, end, PAGE, 0, 10, 0x100, *[0] * 6)
        for name, va, size, file_bytes, rights in ((b".text", PAGE, PAGE, PAGE, 0x60000020),
                                                   (b".data", 2 * PAGE, end - 2 * PAGE, data, 0xc0000040)):
            headers += struct.pack("<8sIIII12xI", name, size, va, file_bytes, va, rights)
        path = self.folder / "kernel.efi"
        with open(path, "wb") as out:
            out.write(headers.ljust(PAGE, b"\0") + MARK[self.machine].ljust(PAGE, b"\0"))
            out.truncate(2 * PAGE + data)
        return path

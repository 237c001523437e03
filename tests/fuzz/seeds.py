# SPDX-License-Identifier: BSD-2-Clause
"""seeds.py: what every target begins with: malformed files of tests/data, kernels that were built, tables by hand.

Nothing here is a blob: what fuzzing found is kept as text, one input in hexadecimal a line, in
corpus/TARGET.hex, and unpacked beside the seeds.
"""
import hashlib
import pathlib
import re
import struct
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
ARENA = b"\0\0"  # fuzz.h, take_arena(): the whole of it
LARGEST = 32 << 10

# Sources whose string literals are the words of a language, by target.
WORDS = {
    "config": ["boot/setting.c", "boot/config.c"],
    "cmdline": ["boot/setting.c", "boot/cmdline.c"],
    "boot": ["boot/setting.c", "boot/config.c", "boot/cmdline.c"],
    "envtext": ["boot/envtext.c", "tools/envparse.c", "mm/memmap.c"],
    "devicetree": ["boot/devicetree.c", "boot/console.c", "boot/node.c"],
    "object": ["object/note.c"],
}

CONF = b"""# defaults
stack 256K
direct_map identity
entry one
kernel "hello.elf" # here
cmdline = "a \\"b\\"" c
module hello.txt name=text role=map va=0xffffffff90000000 args="x y"
fallback two
entry two
kernel other.elf
wx allow
protocol pvh
reporter off
relocate no
efi_runtime identity
"""
CMDLINE = b"smalt.entry=two smalt.stack=64K smalt.env=serial += console=ttyS0 \"quoted word\" smalt.wx=allow"
ENVIRONMENT = b"""smalt: env begin
path uefi
machine aarch64
cpu leaves=0x1f levels=4 el=1 pa_bits=40 hz=62500000 id=0x80000000
memory 0x40000000 0x48000000 usable
memory 0x48000000 0x48100000 reclaimable
memory 0x48100000 1220608K efi-runtime-code
loader 0x48000000 0x48020000
part jump r-x 0x48010000 0x48011000
part reporter rw- 0x48011000 0x48012000
file initrd 0x48020000 0x1000 kept
file the\\x20kernel volume 4096
cmdline a\\x00b c
rsdp 0x48080000
table 0x48080000 0x48081000
devicetree 0x48082000 0x1000
smbios 0x48083000 24
smbios-table 0x48083000 0x48084000
framebuffer 0x80000000 0x1d4c00 800 600 3200 mask 0xf800 0x7e0 0x1f
efi 0x48100018 48 1 100 callable
efi-attributes 2 48
runtime 0x48100000 0x48101000 r-x
runtime 0x48101000 0x48102000 rw- device
serial pl011 0x9000000
psci smc
wall 1700000000
seed 000102030405060708090a0b0c0d0e0f devicetree
env end
"""


# --- tables of firmware, by the offsets of their standards -------------------------


def image(parts, size):
    """Physical memory from 0 on; fuzz targets look for their table at 0x10."""
    memory = bytearray(size)
    for pa, content in parts.items():
        memory[pa:pa + len(content)] = content
    return bytes(memory)


def acpi():
    def table(signature, body):
        return struct.pack("<4sI28x", signature, 36 + len(body)) + body

    fadt = table(b"FACP", struct.pack("<II", 0x200, 0x240) + bytes(85) + struct.pack("<H", 3) + bytes(113))
    spcr = table(b"SPCR", struct.pack("<B3xBBBBQ", 3, 0, 32, 0, 3, 0x9000000) + bytes(28))
    dsdt = table(b"DSDT", b"QEMU0002" + bytes([8, 0x86, 9, 0, 1]) + struct.pack("<II", 0x9020000, 24))
    ports = table(b"DSDT", b"QEMU0002" + bytes([8, 0x47, 1]) + struct.pack("<HHBB", 0x510, 0x510, 1, 12))
    for revision, described in ((0, dsdt), (2, ports)):
        rsdp = struct.pack("<8sB6sBIIQB3x", b"RSD PTR ", 0, b"MAKERS", revision, 0x40, 36, 0x80 if revision else 0, 0)
        root = {0x40: table(b"RSDT", struct.pack("<II", 0xc0, 0x300)), 0x80: table(b"XSDT", struct.pack("<Q", 0xc0))}
        parts = {0x10: rsdp, **root, 0xc0: fadt, 0x200: table(b"FACS", bytes(28)), 0x240: described, 0x300: spcr}
        for machine in b"\0\1":
            yield bytes([machine]) + image(parts, 0x400)


def smbios():
    wide = struct.pack("<5sBBBBBBBIQ", b"_SM3_", 0, 24, 3, 0, 0, 1, 0, 0x40, 0x40)
    narrow = struct.pack("<4sBBBBHB5x5sBHIHB", b"_SM_", 0, 31, 2, 8, 64, 0, b"_DMI_", 0, 0x40, 0x40, 1, 0x28)
    for entry in (wide, narrow):
        yield image({0x10: entry}, 0x80)


def startinfo():
    info = struct.pack("<IIIIQQQQII", 0x336ec578, 1, 0, 1, 0x50, 0x70, 0xf59e0, 0x80, 2, 0)
    parts = {0x10: info, 0x50: struct.pack("<QQQQ", 0x10, 0x40, 0x70, 0), 0x70: b"a b c\0",
             0x80: struct.pack("<QQIIQQII", 0, 0x9fc00, 1, 0, 0x100000, 0x7fe0000, 1, 0)}
    yield ARENA + struct.pack("<H", 64) + image(parts, 0xc0)


def descriptors(*rows):
    return b"".join(struct.pack("<IIQQQQQ", kind, 0, pa, 0, pages, attributes, 0) for kind, pa, pages, attributes in rows)


MAP = descriptors((7, 0, 0xa0, 8), (7, 0x100000, 0x700, 8), (5, 0x800000, 4, 1 << 63 | 8), (6, 0x804000, 4, 1 << 63 | 8),
                  (11, 0xfe000000, 1, 1 << 63), (2, 0x900000, 8, 8), (14, 0xa00000, 1, 8), (7, 0xb00000, 1, 1 << 18 | 8))


def efi_memory():
    for strict in b"\0\1":
        yield ARENA + bytes([strict, 48]) + MAP


def efi_runtime():
    regions = descriptors((5, 0x800000, 4, 1 << 63 | 1 << 17), (6, 0x804000, 4, 1 << 63 | 1 << 14))
    table = struct.pack("<IIII", 1, 2, 48, 0) + regions
    for attributes in (image({0x10: table}, 0x10 + len(table)), b""):
        yield struct.pack("<BH", 48, len(MAP)) + MAP + attributes


def fwcfg():
    files = [(20, 0x20, b"etc/e820"), (5, 0x30, b"opt/smalt/kernel"), (0, 0x31, b"opt/smalt/empty")]
    directory = struct.pack(">I", len(files)) + b"".join(struct.pack(">IHH56s", *f[:2], 0, f[2]) for f in files)
    yield struct.pack("<H", 0x4000) + directory + b"hello"


def tree(*nodes):
    """A devicetree (specification 0.4, chapter 5) of (name, {property: bytes}, [nodes])."""
    names, blocks = bytearray(), bytearray()

    def put(name, properties, children):
        text = name + b"\0"
        blocks.extend(struct.pack(">I", 1) + text + bytes(-len(text) % 4))
        for key, value in properties.items():
            blocks.extend(struct.pack(">III", 3, len(value), len(names)) + value + bytes(-len(value) % 4))
            names.extend(key + b"\0")
        for child in children:
            put(*child)
        blocks.extend(struct.pack(">I", 2))

    put(*nodes)
    blocks.extend(struct.pack(">I", 9))
    reserved = struct.pack(">QQQQ", 0x48000000, 0x1000, 0, 0)
    total = 40 + len(reserved) + len(blocks) + len(names)
    return struct.pack(">10I", 0xd00dfeed, total, 40 + len(reserved), 40 + len(reserved) + len(blocks), 40, 17, 16, 0,
                       len(names), len(blocks)) + reserved + bytes(blocks) + bytes(names)


def devicetree():
    cells = {b"#address-cells": struct.pack(">I", 2), b"#size-cells": struct.pack(">I", 2)}

    def reg(pa, size):
        return {b"reg": struct.pack(">QQ", pa, size)}

    chosen = {b"bootargs": b"a b\0", b"stdout-path": b"serial0:115200\0", b"rng-seed": bytes(32),
              b"linux,initrd-start": struct.pack(">I", 0x44000000), b"linux,initrd-end": struct.pack(">I", 0x44001000)}
    rest = [(b"aliases", {b"serial0": b"/soc/pl011@9000000\0"}, []),
            (b"psci", {b"compatible": b"arm,psci-1.0\0arm,psci\0", b"method": b"hvc\0"}, []),
            (b"reserved-memory", {**cells, b"ranges": b""}, [(b"hole@42000000", {b"no-map": b"", **reg(0x42000000, 4096)}, [])]),
            (b"soc", {**cells, b"ranges": b""}, [(b"pl011@9000000", {b"compatible": b"arm,pl011\0", **reg(0x9000000, 4096)}, [])]),
            (b"fw-cfg@9020000", {b"compatible": b"qemu,fw-cfg-mmio\0", b"dma-coherent": b"", **reg(0x9020000, 24)}, [])]
    memory = (b"memory@40000000", {b"device_type": b"memory\0", **reg(0x40000000, 0x8000000)}, [])
    for capacity in (64, 2):
        yield bytes([capacity]) + tree(b"", cells, [(b"chosen", chosen, []), memory, *rest])


# --- files ------------------------------------------------------------------------


def files(build, *patterns):
    found = [path for pattern in patterns for path in sorted(build.glob(pattern)) if path.is_file()]
    return [path.read_bytes() for path in found if path.stat().st_size <= LARGEST]


def arm64_image(build):
    header = struct.pack("<IIQQQ24xII", 0xd503201f, 0, 0x80000, 0x200000, 10, 0x644d5241, 0)
    return [header + bytes(64), header[:16] + bytes(8) + header[24:]]


def aout():
    """NetBSD's header in network order and in the other, and Plan 9's (a.out(5), a.out(6))."""
    for magic, mid in ((0o407, 157), (0o410, 183), (0o413, 157), (0o314, 183), (0o413, 138), (0o413, 7)):
        for sizes in ((0x1000, 0x100, 0x50, 0), (0, 0, 9, 0), (0xfffff000, 0, 0, 0), (0x10, 0x10, 0, 9)):
            header = struct.pack(">I", mid << 16 | magic) + struct.pack("<IIIIIII", *sizes[:3], 0, 0x1020, sizes[3], 0)
            yield header + bytes(0x2000)
    yield struct.pack("<IIIIIIII", 0o413, 0x1000, 0, 0, 0, 0x1020, 0, 0) + bytes(0x1000)
    for number in (26, 28, 30, 8):
        for entry in (0x200028, 0x10030, 0xffffffff80110000, (1 << 64) - 0x1010):
            magic = (0x8000 if number > 8 else 0) | 4 * number * number + 7
            yield struct.pack(">8IQ", magic, 0x1000, 0x100, 0x50, 0, 0, 0, 0, entry) + bytes(0x1200)


def objects(build):
    return files(build, "data/*/*.elf", "*/hello.elf") + arm64_image(build) + list(aout()) + list(modules(build))


MODULE = b"""
extern int wanted(void), weak(void) __attribute__((weak));
__thread int block = 7;
int (*table[])(void) = { wanted, weak };
int offered(void) { return wanted() + block; }
void _start(void) { offered(); }
"""


def modules(build):
    """Shared objects with symbols, both hash tables, and relocations of every kind that a linker leaves."""
    where = build / "fuzz" / "modules"
    where.mkdir(parents=True, exist_ok=True)
    for machine in ("x86_64", "aarch64"):
        linked = [where / f"{machine}-{style}.so" for style in ("both", "sysv", "gnu")]
        if not all(path.exists() for path in linked):
            subprocess.run(["clang", "-target", f"{machine}-unknown-none-elf", "-O1", "-fpic", "-c", "-x", "c", "-o",
                            where / "module.o", "-"], input=MODULE, check=True)
        for path in linked:
            if not path.exists():
                subprocess.run(["ld.lld", "-shared", "-soname=module", "--hash-style=" + path.stem.split("-")[1], "-s",
                                "-z", "noseparate-code", "-z", "max-page-size=64", "-o", path, where / "module.o"], check=True)
            yield path.read_bytes()


def symbols(build):
    """Modules, and two of them with each of their words spoiled once: in memory, or read in pieces."""
    linked = list(modules(build))
    for content in linked:
        yield ARENA + b"\0" + content
    for content in linked[1:3]:
        for at in range(64, len(content), 4):
            yield ARENA + bytes([at // 4 & 1]) + content[:at] + b"\xff\xff\xff\xff" + content[at + 4:]


def archives(build):
    return files(build, "data/*/*.cpio", "*/demo.cpio")


def cpio(contents):
    """cpio(5), newc: the header's 13 fields, then name and data, each to a multiple of 4 bytes."""
    out = b""
    for name, data in {**contents, "TRAILER!!!": b""}.items():
        fields = (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        out += head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)
    return out


SETTINGS = ["", "color match\n", "color partition\ncolors.kernel 0-3\ncolors.module 4-7\ncolors.module.b 8\ncolors.tables 9\n",
            "color partition,strict\ncolors.kernel 0-23\ncolors.module 24-31\n", "color off\ntail_padding 2M\n",
            "tail_padding 64K\n", "pages 64K\n", "paging_levels 5\n", "pages 16K\ncolor partition\ncolors.kernel 0\n"]


def colored(build):
    """Archives with modules whose frames have colors, of a cache of 16 or 32 colors, and with tails that are filled up."""
    for number, machine in enumerate(("x86_64", "aarch64")):
        for settings in SETTINGS:
            for cache in ("llc_size 512K\n", "llc_size 1M\n"):
                conf = (f"kernel k\n{cache}llc_ways 8\nllc_line 64\n{settings}module k name=a role=map instances=2\n"
                        "module k name=b role=map\nmodule k name=c\n")
                kernel = (build / machine / "hello.elf").read_bytes()
                yield number, cpio({"smalt.conf": conf.encode(), "k": kernel})


def boots(build):
    for number, content in colored(build):
        yield bytes([number]) + ARENA + bytes([0, 0, 0, 0]) + content
    for machine in b"\0\1":
        for content in files(build, "data/OK/*", "*/demo.cpio", "*/hello.elf", "data/WX/*") + arm64_image(build):
            yield bytes([machine]) + ARENA + bytes([0, 0, 0, 0]) + content


def mappings(build):
    """A space with memory and storage, and acts in several orders, before objects of every kind."""
    def request(flags):
        return bytes([flags & 255, flags >> 8]) + bytes(15)

    interpret, relocate, nocopy, copy = 1, 1 << 6, 1 << 8, 1 << 9
    prepare, clone, tables = b"\3" + request(interpret), b"\x0b", b"\5"
    align, mutable, relocated, relro = b"\6\1", b"\7\1", b"\x08\x0c\1\0", b"\x09"

    def mapped(flags):
        return b"\0" + request(interpret | flags) + b"\x14"

    for machine, content in ((machine, content) for content in objects(build) for machine in (0, 1)):
        for acts in ([mapped(0), mapped(relocate), tables], [prepare, relro, relocated, mapped(nocopy)],
                     [prepare, align, clone, mapped(copy), mapped(copy), clone, tables],
                     [prepare, mutable, clone, mapped(nocopy), tables]):
            setup = ARENA + bytes([machine, 7, 0, 0, 7, 64, 0, 2, 1, 200]) + bytes(7 * 3 + 7 * 4)
            yield setup + b"".join(acts).ljust(200, b"\x0c") + content


MAKERS = {
    "acpi": lambda build: acpi(),
    "archive": lambda build: (ARENA + content for content in archives(build)),
    "boot": boots,
    "cmdline": lambda build: [ARENA + CMDLINE],
    "config": lambda build: [ARENA + CONF, ARENA + (TOP / "examples/hello/smalt.conf").read_bytes()],
    "devicetree": lambda build: devicetree(),
    "efi_memory": lambda build: efi_memory(),
    "efi_runtime": lambda build: efi_runtime(),
    "envtext": lambda build: [ARENA + ENVIRONMENT],
    "fwcfg": lambda build: fwcfg(),
    "map": mappings,
    "object": lambda build: (bytes([machine]) + ARENA + content for content in objects(build) for machine in (0, 1)),
    "smbios": lambda build: smbios(),
    "symbol": symbols,
    "startinfo": lambda build: startinfo(),
    "uefi_options": lambda build: [b"\1" + ARENA + b"\4word" + "smalt.efi a=b initrd=initrd\0".encode("utf-16-le")],
}


# --- on disk ----------------------------------------------------------------------


def folder(build, target):
    return build / "fuzz" / "seeds" / target


def write(where, content):
    (where / hashlib.sha1(content).hexdigest()).write_bytes(content)


def unpack(target, where):
    kept = HERE / "corpus" / f"{target}.hex"
    for line in kept.read_text().splitlines() if kept.exists() else []:
        write(where, bytes.fromhex(line))


def pack(target, paths):
    (HERE / "corpus").mkdir(exist_ok=True)
    (HERE / "corpus" / f"{target}.hex").write_text("".join(path.read_bytes().hex() + "\n" for path in paths))


def words(target):
    """The words of a target's language in libFuzzer's form."""
    found = [re.findall(r'"([\w.,#/=-]{2,24})"', (TOP / path).read_text()) for path in WORDS.get(target, [])]
    return "".join(f'"{word}"\n' for word in sorted(set(sum(found, []))))


def make(build, targets, kept=True):
    for target in targets:
        where = folder(build, target)
        where.mkdir(parents=True, exist_ok=True)
        for old in where.iterdir():
            old.unlink()
        for content in MAKERS.get(target, lambda build: [])(build):
            write(where, content)
        if kept:
            unpack(target, where)
        if target in WORDS:
            (build / "fuzz" / f"{target}.dict").write_text(words(target))

# SPDX-License-Identifier: BSD-2-Clause
"""uefi.py --once IMAGE FOLDER (--to ENTRY_VA | --until HEX) [--profile ELF] [--serial]: counts one boot.

IMAGE is an EFI application of either machine: it becomes the loader of a FAT volume
on virtio-blk, beside all that is in FOLDER, and firmware starts it. Prints the guest
instructions from its first to the one at ENTRY_VA, or to a block that begins with
the bytes HEX; --profile, which functions of ELF (the image before objcopy) they were
in, and for which of its lines firmware worked. --serial shows the console, which
costs instructions. `make bench` uses this module for its tables.
"""
import argparse
import functools
import pathlib
import struct
import subprocess
import sys
import tempfile

import symbols

MIB = 1 << 20
RAM = "2G"
TIMEOUT = 120    # seconds for one boot
VOLUME = 512     # MiB: as Debian makes an EFI system partition, with 4 KiB clusters
NEEDLE = 16      # bytes of the image's entry by which it is found
PROFILE = 16     # lines of each part of a profile

# By the machine's number in a PE header: name, file that firmware starts, firmware
# (code and variables), CPU. Cheap pointer authentication counts the same and runs faster.
OVMF, AAVMF = "/usr/share/OVMF/OVMF_", "/usr/share/AAVMF/AAVMF_"
MACHINES = {
    0x8664: ("x86_64", "BOOTX64.EFI", (f"{OVMF}CODE_4M.fd", f"{OVMF}VARS_4M.fd"), ["-machine", "q35", "-cpu", "max"]),
    0xaa64: ("aarch64", "BOOTAA64.EFI", (f"{AAVMF}CODE.fd", f"{AAVMF}VARS.fd"),
             ["-machine", "virt", "-cpu", "max,pauth-impdef=on"]),
}


class Image:
    """What a PE file says of itself. Format: PE/COFF specification, 3 and 4."""

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        header = struct.unpack_from("<I", data, 0x3c)[0]
        machine, section_count, optional_bytes = struct.unpack_from("<4xHH12xH", data, header)
        self.path, self.machine = pathlib.Path(path), machine
        self.entry, = struct.unpack_from("<I", data, header + 24 + 16)
        self.bytes, = struct.unpack_from("<I", data, header + 24 + 56)
        table = header + 24 + optional_bytes
        for i in range(section_count):
            va, file_bytes, offset = struct.unpack_from("<12xIII", data, table + 40 * i)
            if va <= self.entry < va + file_bytes:
                self.code = data[self.entry - va + offset:][:NEEDLE]
                return
        raise ValueError(f"{path}: its entry is in no section")


def volume(path, files):
    """A FAT32 volume with {name: file, or text}; sparse, so that its size costs nothing."""
    path.unlink(missing_ok=True)
    with open(path, "wb") as out:
        out.truncate(VOLUME * MIB)
    symbols.command("mformat", "-i", path, "-F", "-c", 8, "-T", VOLUME * MIB // 512, "-h", 64, "-s", 32, "::")
    made = set()
    for name, source in files.items():
        for folder in reversed(pathlib.PurePath(name).parents[:-1]):
            if folder not in made:
                symbols.command("mmd", "-i", path, f"::{folder}")
                made.add(folder)
        if isinstance(source, str):
            subprocess.run(["mcopy", "-i", path, "-", f"::{name}"], input=source, text=True, check=True)
        else:
            symbols.command("mcopy", "-i", path, source, f"::{name}")


@functools.cache
def host_io(qemu):
    """How QEMU reads the volume: io_uring, where the host has it, answers at once from the host's cache.

    A thread of QEMU's would answer later, and the firmware spins while it waits: on
    aarch64 that made up to half of all instructions, other ones in each boot.
    """
    words = [qemu, "-machine", "none", "-display", "none", "-monitor", "stdio",
             "-drive", f"if=none,format=raw,read-only=on,aio=io_uring,file={__file__}"]
    probe = subprocess.run(words, input="quit\n", text=True, capture_output=True, timeout=TIMEOUT)
    return "io_uring" if probe.returncode == 0 else "threads"


def count(plugin, folder, image, files, until, serial=False):
    """Boots the image beside the files; `until` is an address, or the first bytes of the kernel."""
    name, boot, firmware, qemu = MACHINES[image.machine]
    disk, out = folder / "volume.img", folder / "count"
    volume(disk, {f"EFI/BOOT/{boot}": image.path, **files})
    out.unlink(missing_ok=True)
    end = f"to={until:#x}" if isinstance(until, int) else f"until={until.hex()}"
    words = [f"qemu-system-{name}", *qemu, "-m", RAM, "-nodefaults", "-display", "none", "-no-reboot",
             "-serial", "stdio" if serial else "none", "-boot", "menu=on,splash-time=0",
             "-drive", f"if=pflash,format=raw,readonly=on,file={firmware[0]}",
             "-drive", f"if=pflash,format=raw,snapshot=on,file={firmware[1]}",
             "-drive", f"if=none,id=disk,format=raw,aio={host_io(f'qemu-system-{name}')},file={disk}",
             "-device", "virtio-blk-pci,drive=disk", "-plugin",
             f"{plugin},match={image.code.hex()},entry={image.entry:#x},image={image.bytes:#x},{end},out={out}"]
    try:
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"{image.path}: no kernel after {TIMEOUT} s") from None
    if not out.exists():
        raise SystemExit(f"{image.path}: the machine ended without its kernel")
    return symbols.Count(out.read_text())


def profile(counted, image, elf):
    """Prints where the instructions went."""
    known = symbols.Symbols(elf)
    base = counted.first_va - image.entry
    delta = base - link_base(elf)
    ours = [block for block in counted.blocks if base <= block.va < base + image.bytes]
    own = sum(block.own for block in ours)
    print(f"{counted.total / 1e6:9.4f} M in all: {own / 1e6:.4f} M in the image, at {base:#x}, "
          f"{(counted.total - own) / 1e6:.4f} M outside of it")
    print("        own   outside  function")
    dearest = sorted(symbols.functions(known, ours, [delta]), key=lambda row: -row[0] - row[1])
    for mine, outside, name in dearest[:PROFILE]:
        print(f"  {mine / 1e6:9.4f} {outside / 1e6:9.4f}  {name}")
    print("    outside     times  after the block at")
    calls = sorted(ours, key=lambda block: -block.outside)[:PROFILE]
    lines = known.lines(block.va - delta for block in calls)
    for block in calls:
        print(f"  {block.outside / 1e6:9.4f} {block.executions:9d}  {block.va - delta:#x} {lines[block.va - delta]}")


def link_base(elf):
    """The address that the image's first byte was linked at."""
    text = symbols.command("readelf", "-lW", elf)
    return min(int(line.split()[2], 16) for line in text.splitlines() if line.split()[:1] == ["LOAD"])


def main(words):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--once", nargs=2, required=True, metavar=("IMAGE", "FOLDER"), type=pathlib.Path)
    end = parser.add_mutually_exclusive_group(required=True)
    end.add_argument("--to", dest="until", type=lambda text: int(text, 0), metavar="ENTRY_VA")
    end.add_argument("--until", type=bytes.fromhex, metavar="HEX")
    parser.add_argument("--profile", metavar="ELF")
    parser.add_argument("--serial", action="store_true")
    default = pathlib.Path(__file__).resolve().parents[2] / "build/plugin/count.so"
    parser.add_argument("--plugin", type=pathlib.Path, default=default)
    args = parser.parse_args(words)
    image, folder = Image(args.once[0]), args.once[1]
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    with tempfile.TemporaryDirectory() as temporary:
        counted = count(args.plugin, pathlib.Path(temporary), image, files, args.until, args.serial)
    if args.profile:
        profile(counted, image, args.profile)
    else:
        print(f"{counted.total / 1e6:.4f} M")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

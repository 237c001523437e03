# SPDX-License-Identifier: BSD-2-Clause
"""guest.py: builds test kernels, packs them into boot archives, boots them under QEMU.

Everything is written apart from the loader and the host command: an archive of
its own making and QEMU's own options, so that a mistake is not made twice.
"""
import dataclasses
import functools
import hashlib
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

import volume

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("O", "build")
GUESTS = TOP / "tests" / "guests"

# --- platforms --------------------------------------------------------------------

# The RAM of a platform that is not said otherwise, and where it begins.
RAM = 128 << 20
UEFI_RAM = 256 << 20
RAM_START = {"x86_64": 0, "aarch64": 0x40000000}


@dataclasses.dataclass(frozen=True)
class Platform:
    """A machine as QEMU builds it, and the firmware that boots it: "" is QEMU's own loading (-kernel)."""
    name: str
    machine: str
    words: tuple
    cpu: str
    ram: int = RAM
    firmware: str = ""

    @property
    def loader(self):
        """The image that is started."""
        return BUILD / self.machine / volume.BOOT_FILES[self.machine] if self.firmware else loader(self.machine)


X86_EXIT = ("-device", "isa-debug-exit,iobase=0xf4,iosize=4")
ARM_EXIT = ("-semihosting-config", "enable=on,target=native")
PLATFORMS = {p.name: p for p in (
    Platform("q35", "x86_64", ("-machine", "q35") + X86_EXIT, "max"),
    Platform("microvm", "x86_64", ("-machine", "microvm") + X86_EXIT, "max"),
    Platform("ovmf", "x86_64", ("-machine", "q35") + X86_EXIT, "max", UEFI_RAM, "/usr/share/OVMF/OVMF_CODE_4M.fd"),
    Platform("virt", "aarch64", ("-machine", "virt") + ARM_EXIT, "max"),
    Platform("virt-el2", "aarch64", ("-machine", "virt,virtualization=on") + ARM_EXIT, "max"),
    Platform("aavmf", "aarch64", ("-machine", "virt") + ARM_EXIT, "max", UEFI_RAM, "/usr/share/AAVMF/AAVMF_CODE.fd"),
)}

# What a test without a mark runs on. Firmware takes seconds: it is asked for, with UEFI or ALL.
DIRECT = tuple(name for name, platform in PLATFORMS.items() if not platform.firmware)
ALL = pytest.mark.platforms(*PLATFORMS)
ONLY_DIRECT = pytest.mark.platforms(*DIRECT)    # many ways to link, which no firmware sees
UEFI = pytest.mark.platforms("ovmf", "aavmf")

# One platform of each machine, for what does not depend on the rest of it.
EACH_MACHINE = pytest.mark.platforms("q35", "virt")


def loader(machine):
    """The image that QEMU itself starts."""
    return BUILD / machine / {"x86_64": "smalt.elf", "aarch64": "smalt.img"}[machine]


# --- building ---------------------------------------------------------------------

CFLAGS = ("-std=c17", "-O2", "-ffreestanding", "-fno-stack-protector", "-fno-omit-frame-pointer",
          "-mno-omit-leaf-frame-pointer",
          "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror", f"-I{TOP}/include", f"-I{GUESTS}")
MACHINE_CFLAGS = {"x86_64": ("-mno-red-zone",), "aarch64": ()}
GNU_LD = {"x86_64": ("ld", "-m", "elf_x86_64"), "aarch64": ("aarch64-linux-gnu-ld",)}
HIGH = {"x86_64": 0xffffffff80200000, "aarch64": 0xffff800000200000}


@dataclasses.dataclass(frozen=True)
class Link:
    """How a kernel is linked: static PIE unless it has an address."""
    linker: str = "lld"
    page: int = 0x1000
    address: int = 0
    words: tuple = ()

    def command(self, machine):
        words = ["ld.lld"] if self.linker == "lld" else list(GNU_LD[machine])
        words += ["-static", "-z", f"max-page-size={self.page:#x}", "-z", "noexecstack", "--build-id=sha1"]
        if self.address == 0:
            words += ["-pie", "--no-dynamic-linker", "-z", "text"]
        elif "-T" not in self.words:
            words += [f"--image-base={self.address:#x}" if self.linker == "lld" else
                      f"-Ttext-segment={self.address:#x}"]
        return words + list(self.words)


def sources(name, machine):
    """The files of a guest: its own, the machine's part of it, and what all share."""
    own = [GUESTS / f"{name}.c", GUESTS / f"{name}_{machine}.c", GUESTS / f"{name}_{machine}.S"]
    shared = [GUESTS / name for name in ("guest.c", "laws.c", "tables.c", f"{machine}.c", f"{machine}.S")]
    return [path for path in own if path.exists()] + shared


@functools.cache
def build(name, machine, link=Link(), defines=()):
    """The ELF of tests/guests/NAME.c; built once for each way to link it."""
    return compile_and_link(name, machine, sources(name, machine), link, defines)


def compile_and_link(name, machine, files, link=Link(), defines=()):
    cflags = list(CFLAGS + MACHINE_CFLAGS[machine] + tuple(f"-D{d}" for d in defines))
    if link.address == 0:
        cflags.append("-fpie")
    else:
        cflags += ["-fno-pic"]
        if machine == "x86_64" and link.address >> 63:
            cflags.append("-mcmodel=kernel")
    command = link.command(machine)
    digest = hashlib.sha256(repr((cflags, command)).encode())
    for path in sorted(GUESTS.glob("*.[chS]")) + sorted((TOP / "include" / "smalt").glob("*.h")):
        digest.update(path.read_bytes())
    out = BUILD / "guests" / machine / f"{name}-{digest.hexdigest()[:12]}"
    elf = out / f"{name}.elf"
    if elf.exists():
        return elf
    out.mkdir(parents=True, exist_ok=True)
    objects = []
    for source in files:
        general = ["-mgeneral-regs-only"] if source.suffix == ".c" else []
        objects.append(out / f"{source.name}.o")
        tool(["clang", "-target", f"{machine}-unknown-none-elf", *cflags, *general, "-c", source, "-o", objects[-1]])
    tool([*command, *objects, "-o", elf.with_suffix(".part")])
    elf.with_suffix(".part").rename(elf)
    return elf


def tool(words):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, cwd=TOP,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(str(word) for word in words)}\n{done.stdout}", pytrace=False)
    return done.stdout


# --- archives ---------------------------------------------------------------------


def archive(files, align=4096):
    """A newc archive (cpio(5)) of {name: bytes}; each file's bytes on a multiple of align."""
    out = bytearray()
    for number, (name, data) in enumerate([*files.items(), ("TRAILER!!!", b"")]):
        padded = name.encode() + b"\0"
        if name != "TRAILER!!!":
            padded += b"\0" * (-(len(out) + 110 + len(padded)) % align)
        fields = (number + 1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(padded), 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + padded
        out += b"\0" * (-len(out) % 4)
        out += data
        out += b"\0" * (-len(out) % 4)
    return bytes(out)


def kernel_archive(elf, modules=None, conf="", align=4096):
    """kernel.elf with modules {name: bytes} and the lines of smalt.conf for them."""
    modules = modules or {}
    lines = ["kernel kernel.elf", *(conf.splitlines() if conf else [f"module {name}" for name in modules])]
    files = {"smalt.conf": ("\n".join(lines) + "\n").encode(), "kernel.elf": pathlib.Path(elf).read_bytes()}
    return archive({**files, **modules}, align)


# --- running ----------------------------------------------------------------------


@dataclasses.dataclass
class Result:
    """How a guest ended: its own status, None if there was none (reset, time-out)."""
    status: object
    output: str
    code: int
    command: str

    def line(self, begin):
        """The number behind the first line that begins with these words."""
        found = re.search(rf"^\s*{re.escape(begin)} (0x[0-9a-f]+)$", self.output, re.M)
        assert found, f"no line '{begin}' in:\n{self.output}"
        return int(found[1], 16)

    def own_lines(self):
        """Without what a firmware says of itself on the same console."""
        return [line for line in self.output.strip().splitlines() if not line.startswith(("BdsDxe: ", "UEFI firmware"))]

    def lines(self, begin):
        return [int(n, 16) for n in re.findall(rf"^\s*{re.escape(begin)} (0x[0-9a-f]+)$", self.output, re.M)]

    def expect(self, status, pattern):
        """Both the status and the words, or the whole story."""
        good = self.status == status and re.search(pattern, self.output, re.M)
        if not good:
            pytest.fail(f"{self.command}\nstatus {self.status} (QEMU {self.code}), expected {status}; "
                        f"expected /{pattern}/ in:\n{self.output}", pytrace=False)
        return self

    def success(self):
        return self.expect(0, r"^SUCCESS$")


def own_status(machine, code):
    """isa-debug-exit gives ((status + 1) << 1) | 1, semihosting the status itself."""
    if machine == "aarch64":
        return code
    return code // 2 - 1 if code & 1 and code > 1 else None


@functools.cache
def prefilled(size):
    """A file of 0xAA as RAM; mapped privately, so that every machine gets it fresh."""
    path = BUILD / "guests" / f"aa-{size}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.stat().st_size != size:
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(b"\xaa" * size)
        part.rename(path)
    return path


def ram_words(ram, prefill):
    backend = f"size={ram}"
    if prefill:
        backend = f"memory-backend-file,id=ram,{backend},mem-path={prefilled(ram)},share=off"
    else:
        backend = f"memory-backend-ram,id=ram,{backend},reserve=off"
    return ["-m", f"{ram >> 20}M", "-object", backend]


def start_words(platform):
    """Variables need no second flash; without a menu of no time AAVMF waits for keys."""
    if not platform.firmware:
        return ["-kernel", str(platform.loader)]
    return ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={platform.firmware}",
            "-boot", "menu=on,splash-time=0"]


def qemu_words(platform, ram=None, cpu=None, prefill=False, machine_words=""):
    """QEMU as far as the machine goes."""
    words = list(platform.words)
    words[1] += f",memory-backend=ram{machine_words}"
    return [f"qemu-system-{platform.machine}", *words, "-cpu", cpu or platform.cpu,
            *ram_words(ram or platform.ram, prefill), "-nodefaults", "-no-user-config", "-display", "none",
            "-serial", "stdio", "-no-reboot", *start_words(platform)]


def file_words(platform, folder, initrd, append):
    """How the machine gets these bytes and words; the files for it are made in folder."""
    if platform.firmware:
        image = volume.make(folder, platform.machine, platform.loader, initrd, append)
        return ["-drive", f"if=none,id=volume,format=raw,readonly=on,file={image}",
                "-device", "virtio-blk-pci,drive=volume"]
    words = ["-append", append] if append else []
    if initrd is not None:
        (folder / "boot.cpio").write_bytes(initrd)
        words += ["-initrd", str(folder / "boot.cpio")]
    return words


def boot(platform, initrd=None, append="", timeout=60, extra=(), **machine):
    """Boots the loader with these bytes, as -initrd or unpacked on a volume; the Result."""
    with tempfile.TemporaryDirectory() as folder:
        files = file_words(platform, pathlib.Path(folder), initrd, append)
        return run(platform.machine, [*qemu_words(platform, **machine), *files, *extra], timeout)


def run(machine, command, timeout):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout)
        output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = late.stdout or b"", -1
    return Result(own_status(machine, code), plain(output.decode("latin-1")), code, " ".join(command))


def plain(output):
    """What a person reads on the terminal: firmware clears the screen and moves the cursor."""
    return re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]", "", output).replace("\r\n", "\n")


def boot_guest(platform, name, link=Link(), defines=(), modules=None, conf="", align=4096, **how):
    """Builds a guest, packs it, boots it."""
    elf = build(name, platform.machine, link, tuple(defines))
    return boot(platform, kernel_archive(elf, modules, conf, align), **how)

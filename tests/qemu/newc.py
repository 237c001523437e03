# SPDX-License-Identifier: BSD-2-Clause
"""newc.py: cpio archives in the newc format (cpio(5)), written without smalt pack."""
FOLDER, REGULAR, DEVICE = 0o40755, 0o100755, 0o20600


def entry(name, data=b"", mode=REGULAR, device=(0, 0), align=4, start=0):
    """One header, name and data; align and start place the data on a page of the archive."""
    name = name.encode() + b"\0"
    name += b"\0" * (-(start + 110 + len(name)) % align)
    fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def archive(files, align=4):
    """An archive of {name: bytes}; every file's bytes begin at a multiple of align."""
    out = b""
    for name, data in files.items():
        out += entry(name, data, align=align, start=len(out))
    return out + entry("TRAILER!!!", mode=0)


def initramfs(busybox, script):
    """A root for Linux: a static busybox and a script as /init."""
    out = b"".join(entry(folder, mode=FOLDER) for folder in ("bin", "dev", "proc", "sys"))
    out += entry("dev/console", mode=DEVICE, device=(5, 1))
    out += entry("bin/busybox", busybox)
    out += entry("init", b"#!/bin/busybox sh\n" + script.encode())
    return out + entry("TRAILER!!!", mode=0)

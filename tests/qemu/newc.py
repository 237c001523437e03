# SPDX-License-Identifier: BSD-2-Clause
"""newc.py: a root for Linux as a newc archive (cpio(5)): unlike boot archives it has modes and devices."""
FOLDER, REGULAR, DEVICE = 0o40755, 0o100755, 0o20600


def entry(name, data=b"", mode=REGULAR, device=(0, 0)):
    fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def initramfs(busybox, script):
    """A static busybox, and a script of its shell as /init."""
    out = b"".join(entry(folder, mode=FOLDER) for folder in ("bin", "dev", "proc", "sys"))
    out += entry("dev/console", mode=DEVICE, device=(5, 1))
    out += entry("bin/busybox", busybox)
    out += entry("init", b"#!/bin/busybox sh\n" + script.encode())
    return out + entry("TRAILER!!!", mode=0)

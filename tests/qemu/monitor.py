# SPDX-License-Identifier: BSD-2-Clause
"""monitor.py: a guest that waits, and QEMU's own view of it (QMP, human-monitor-command)."""
import contextlib
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time

import guest


class Monitor:
    """A guest that has said what it was waited for."""

    def __init__(self, path, output):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        self.output = output
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer or "error" in answer:
                return answer.get("return")

    def ask(self, line):
        return self.command("human-monitor-command", **{"command-line": line})

    def physical(self, va):
        """The physical address behind va as QEMU's MMU finds it, None if it is not mapped."""
        found = re.match(r"gpa: (0x[0-9a-f]+|0)", self.ask(f"gva2gpa {va:#x}"))
        return int(found[1], 16) if found else None


def seen(until, output):
    return until.search(output) if isinstance(until, re.Pattern) else f"{until}\n" in output


@contextlib.contextmanager
def attached(platform, words, until="READY", timeout=60, **machine):
    """Boots with these words behind the machine's, waits for a line, stops the machine; ends it behind the block."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        command = guest.qemu_words(platform, **machine)
        command[command.index("stdio")] = f"file:{folder}/serial"
        command += [*words, "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            end = time.monotonic() + timeout
            output = ""
            while not seen(until, output):
                assert time.monotonic() < end and qemu.poll() is None, f"{' '.join(command)}\n{output}"
                time.sleep(0.02)
                serial = folder / "serial"
                output = guest.plain(serial.read_bytes().decode("latin-1")) if serial.exists() else ""
            monitor = Monitor(folder / "qmp", output)
            monitor.command("stop")
            yield monitor
        finally:
            qemu.kill()
            qemu.wait()


@contextlib.contextmanager
def waiting(platform, initrd, append="", extra=(), **how):
    """The same for a guest in an archive."""
    with tempfile.TemporaryDirectory() as folder:
        words = guest.file_words(platform, pathlib.Path(folder), initrd, append)
        with attached(platform, [*words, *extra], **how) as monitor:
            yield monitor

# SPDX-License-Identifier: BSD-2-Clause
"""smalt run: every way that a guest can end, and what is left behind (nothing)."""
import os
import pathlib
import re
import signal
import subprocess
import time

import guest
import pytest

# --- helpers ----------------------------------------------------------------------


def leave(machine):
    return guest.build("leave", machine)


def run(smalt, *words, **how):
    how = {"capture_output": True, "text": True, "errors": "replace", "stdin": subprocess.DEVNULL, "timeout": 120} | how
    return subprocess.run([str(word) for word in (smalt, "run", *words)], **how)


def children(pid):
    """The processes whose parent is pid."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        if text.rpartition(")")[2].split()[1] == str(pid):
            found.append(int(stat.parent.name))
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def one_line(done):
    assert re.fullmatch(r"smalt: [^\n]+\n", done.stderr), done.stderr
    return done.stderr


# --- how guests end ---------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 1, 7, 123])
def test_the_guests_own_status_comes_back(machine, smalt, status):
    done = run(smalt, leave(machine), "--append", f"status {status}")
    assert done.returncode == status, done.stderr
    assert f"leaving by status {status}" in done.stdout
    assert done.stderr == ""


def test_power_off_is_success(machine, smalt):
    assert run(smalt, leave(machine), "--append", "off").returncode == 0


def test_a_reset_is_126(machine, smalt):
    done = run(smalt, leave(machine), "--append", "reset")
    assert done.returncode == 126
    assert "reset" in one_line(done)


def test_a_fault_is_126_with_the_report_on_the_console(machine, smalt):
    done = run(smalt, guest.build("write_to_text", machine))
    assert done.returncode == 126
    assert "smalt: " in done.stdout


def test_a_refusal_of_the_loader_is_125_with_its_line_on_the_console(machine, smalt, tmp_path):
    cut = tmp_path / "cut.elf"
    cut.write_bytes(leave(machine).read_bytes()[:700])
    done = run(smalt, cut)
    assert done.returncode == 125
    assert re.search(r"^smalt: .*TRUNCATED", done.stdout, re.M), done.stdout


def test_a_timeout_is_124_and_says_where_the_guest_was(machine, smalt):
    done = run(smalt, leave(machine), "--append", "spin", "--timeout", "2")
    assert done.returncode == 124
    assert re.search(r"no end within 2 s, pc 0x[0-9a-f]+ \(spin_here\+0x[0-9a-f]+, initrd:\d+ r-x\)\n", one_line(done))
    assert "leaving by spin" in done.stdout


def test_a_timeout_without_a_word_says_so(machine, smalt):
    done = run(smalt, leave(machine), "--append", "quiet", "--timeout", "2")
    assert done.returncode == 124
    assert one_line(done).endswith(", no byte on serial\n")


# --- texts ------------------------------------------------------------------------


def test_expected_text_ends_at_once_with_success(machine, smalt):
    start = time.monotonic()
    done = run(smalt, leave(machine), "--append", "spin", "--timeout", "60", "--expect", "leaving by spin")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start < 30


def test_an_end_without_the_expected_text_is_127(machine, smalt):
    done = run(smalt, leave(machine), "--append", "status 0", "--expect", "never printed")
    assert done.returncode == 127
    assert "--expect" in one_line(done)
    assert run(smalt, leave(machine), "--append", "status 5", "--expect", "never printed").returncode == 5


def test_fail_text_ends_at_once_with_failure(machine, smalt):
    done = run(smalt, leave(machine), "--append", "spin", "--fail", "leaving by")
    assert done.returncode == 1
    assert "--fail" in one_line(done)


def test_a_foreign_status_can_mean_success(machine, smalt):
    raw = {"x86_64": (16 + 1) << 1 | 1, "aarch64": 16}[machine]
    assert run(smalt, leave(machine), "--append", "status 16", "--pass-status", raw).returncode == 0
    assert run(smalt, leave(machine), "--append", "status 0", "--pass-status", raw).returncode == 1


# --- what is booted ---------------------------------------------------------------


def test_modules_are_packed_beside_the_kernel(machine, smalt, tmp_path):
    (tmp_path / "data").write_bytes(b"data")
    done = run(smalt, guest.build("objects", machine), "--module", f"{tmp_path}/data,name=first",
               "--append", "smalt.env=serial")
    assert re.search(r"^file initrd 0x[0-9a-f]+ 0x[0-9a-f]+\r?$", done.stdout, re.M), done.stdout + done.stderr


def test_an_archive_boots_the_machine_of_its_kernel(machine, smalt, tmp_path):
    archive = tmp_path / "boot.cpio"
    subprocess.run([smalt, "pack", "-o", archive, leave(machine)], check=True)
    assert run(smalt, archive, "--append", "status 3").returncode == 3


def test_arguments_for_qemu_pass_through(machine, smalt):
    done = run(smalt, leave(machine), "--append", "status 0", "--qemu", "-name", "--qemu", "x", "--ram", "256M")
    assert done.returncode == 0, done.stderr


def test_another_type_of_machine_can_be_chosen(machine, smalt):
    kind = {"x86_64": "microvm", "aarch64": "virt,virtualization=on"}[machine]
    assert run(smalt, leave(machine), "--append", "status 4", "--machine-type", kind).returncode == 4


# --- what fails before -------------------------------------------------------------


@pytest.mark.parametrize("words, said", [
    ([], "a file is missing"),
    (["--exepct", "x"], "did you mean --expect?"),
    (["/nonexistent"], "No such file"),
    (["--timeout", "soon", "x"], "write a number"),
    (["--machine", "m68k"], "choose x86_64 or aarch64"),
    (["--module", "x"], "needs a kernel"),
])
def test_a_wrong_command_line_is_125(smalt, words, said):
    done = run(smalt, *words)
    assert done.returncode == 125
    assert said in one_line(done)


def test_qemus_own_failure_is_125(machine, smalt):
    done = run(smalt, leave(machine), "--qemu", "-nonsense")
    assert done.returncode == 125
    assert "QEMU failed before the guest ran" in done.stderr


def test_a_missing_qemu_is_125(machine, smalt):
    done = run(smalt, leave(machine), env={"PATH": "/nonexistent"})
    assert done.returncode == 125
    assert "No such file" in done.stderr


def test_loaders_are_found_by_the_environment(machine, smalt, tmp_path):
    alone = tmp_path / "smalt"
    alone.write_bytes(pathlib.Path(smalt).read_bytes())
    alone.chmod(0o755)
    env = {key: value for key, value in os.environ.items() if key != "SMALT_LOADERS"}
    done = run(alone, leave(machine), env=env)
    assert done.returncode == 125
    assert "SMALT_LOADERS" in one_line(done)
    env["SMALT_LOADERS"] = str(guest.BUILD)
    assert run(alone, leave(machine), "--append", "status 6", env=env).returncode == 6


# --- what is left behind ------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_no_qemu_outlives_the_command(machine, smalt, number):
    process = subprocess.Popen([str(smalt), "run", str(leave(machine)), "--append", "spin"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert b"leaving by spin" in process.stdout.readline()
    qemu = children(process.pid)
    assert qemu
    process.send_signal(number)
    assert process.wait(30) == -number
    process.stdout.close()
    for _ in range(100):
        if not any(alive(pid) for pid in qemu):
            return
        time.sleep(0.05)
    pytest.fail("QEMU still runs")


def test_no_file_is_left_behind(machine, smalt, tmp_path):
    (tmp_path / "module").write_bytes(b"x" * 5000)
    work = tmp_path / "work"
    work.mkdir()
    done = run(smalt, leave(machine), "--module", tmp_path / "module", "--append", "spin", "--timeout", "1",
               cwd=work, env={**os.environ, "TMPDIR": str(work)})
    assert done.returncode == 124
    assert list(work.iterdir()) == []


def test_a_closed_output_does_not_end_the_guest(machine, smalt):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([str(smalt), "run", str(leave(machine)), "--append", "status 9"], stdin=subprocess.DEVNULL,
                          stdout=write, stderr=subprocess.DEVNULL, timeout=120)
    os.close(write)
    assert done.returncode == 9

# SPDX-License-Identifier: BSD-2-Clause
"""smalt run --uefi: what firmware boots ends, and leaves nothing, as direct boot does."""
import os
import pathlib
import re
import signal
import subprocess
import time

import guest
import pytest
import volume
from test_run import alive, children, leave, one_line, run

# --- how guests end ---------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 123])
def test_the_guests_own_status_comes_back(machine, smalt, status):
    done = run(smalt, "--uefi", leave(machine), "--append", f"status {status}")
    assert done.returncode == status, done.stdout + done.stderr
    assert f"leaving by status {status}" in done.stdout
    assert done.stderr == ""


def test_a_reset_is_126(machine, smalt):
    done = run(smalt, "--uefi", leave(machine), "--append", "reset")
    assert done.returncode == 126
    assert "reset" in one_line(done)


def test_a_refusal_is_125_with_its_line_on_the_console(machine, smalt, tmp_path):
    cut = tmp_path / "cut.elf"
    cut.write_bytes(leave(machine).read_bytes()[:700])
    done = run(smalt, "--uefi", cut)
    assert done.returncode == 125
    assert re.search(r"^smalt: cut\.elf: .*TRUNCATED", done.stdout, re.M), done.stdout


def test_a_timeout_is_124_and_says_where_the_guest_was(machine, smalt):
    done = run(smalt, "--uefi", leave(machine), "--append", "spin", "--timeout", "12")
    assert done.returncode == 124
    assert re.search(r"no end within 12 s, pc 0x[0-9a-f]+ \(spin_here\+0x[0-9a-f]+, \S+:\d+ r-x\)\n", one_line(done))


def test_texts_are_found_between_what_firmware_prints(machine, smalt):
    done = run(smalt, "--uefi", leave(machine), "--append", "spin", "--expect", "leaving by spin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(smalt, "--uefi", leave(machine), "--append", "status 0", "--expect", "never printed").returncode == 127


# --- what is booted ---------------------------------------------------------------


def module_words(tmp_path):
    """Forty modules of tests/guests/forty_modules.c."""
    for i in range(40):
        (tmp_path / f"m{i:02}").write_bytes(bytes((i + j) % 256 for j in range(i * 100 + 1)))
    return [f"{tmp_path}/m{i:02},args=n={i % 10}" for i in range(40)]


def test_modules_lie_beside_the_kernel(machine, smalt, tmp_path):
    words = [word for module in module_words(tmp_path) for word in ("--module", module)]
    done = run(smalt, "--uefi", guest.build("forty_modules", machine), *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_files_of_an_archive_keep_their_folders(machine, smalt, tmp_path):
    archive = tmp_path / "boot.cpio"
    archive.write_bytes(guest.archive({
        "smalt.conf": b"kernel a/deep/folder/kernel.elf\nmodule a/data\n",
        "a/deep/folder/kernel.elf": leave(machine).read_bytes(), "a/data": b"data"}))
    assert run(smalt, "--uefi", archive, "--append", "status 3").returncode == 3


def test_a_large_module_needs_no_second_copy(machine, smalt, tmp_path):
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, 300 << 20)
    done = run(smalt, "--uefi", leave(machine), "--module", large, "--append", "status 5", "--ram", "1G")
    assert done.returncode == 5, done.stdout + done.stderr


def test_another_type_of_machine_can_be_chosen(machine, smalt):
    kinds = {"x86_64": ["pc"], "aarch64": ["virt,virtualization=on", "virt,acpi=off"]}[machine]
    for kind in kinds:
        assert run(smalt, "--uefi", leave(machine), "--append", "status 4", "--machine-type", kind).returncode == 4


def test_without_a_file_the_demo_is_booted(machine, smalt):
    done = run(smalt, "--uefi", "--machine", machine)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Hello." in done.stdout


def test_the_firmware_can_be_chosen(machine, smalt, tmp_path):
    firmware = tmp_path / "my,firmware.fd"
    firmware.symlink_to(guest.PLATFORMS[{"x86_64": "ovmf", "aarch64": "aavmf"}[machine]].firmware)
    done = run(smalt, "--uefi", "--firmware", firmware, leave(machine), "--append", "status 6")
    assert done.returncode == 6, done.stdout + done.stderr


# --- what fails before -------------------------------------------------------------


@pytest.mark.parametrize("words, said", [
    (["--uefi"], "a file is missing"),
    (["--firmware", "x", "y"], "--firmware is for --uefi"),
    (["--uefi", "--firmware", "/nonexistent", "--loader", "/dev/null", "KERNEL"], "No such file"),
    (["--uefi", "--loader", "/nonexistent", "KERNEL"], "No such file"),
    (["--uefi", "--loader", "/nonexistent/x", "--machine", "x86_64"], "/nonexistent/demo.cpio"),
    (["--uefi", "--loader", "/dev/null", "KERNEL", "--module", "BOOTX64.EFI=/dev/null"], "the loader has this name"),
    (["--uefi", "--loader", "/dev/null", "KERNEL", "--module", "../x=/dev/null"], "not . or .."),
])
def test_a_wrong_command_line_is_125(smalt, words, said):
    done = run(smalt, *[leave("x86_64") if word == "KERNEL" else word for word in words])
    assert done.returncode == 125
    assert said in one_line(done)


def test_more_than_a_volume_holds_is_125(smalt, tmp_path):
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, 600 << 20)
    done = run(smalt, "--uefi", "--loader", "/dev/null", leave("x86_64"), "--module", large)
    assert done.returncode == 125
    assert "bytes of the volume" in one_line(done)


def test_loaders_are_found_by_the_environment(machine, smalt, tmp_path):
    alone = tmp_path / "smalt"
    alone.write_bytes(pathlib.Path(smalt).read_bytes())
    alone.chmod(0o755)
    env = {key: value for key, value in os.environ.items() if key != "SMALT_LOADERS"}
    done = run(alone, "--uefi", leave(machine), env=env)
    assert done.returncode == 125
    assert f"{machine}/{volume.BOOT_FILES[machine]}" in one_line(done)


# --- what is left behind ------------------------------------------------------------


def wait_for(found, what):
    for _ in range(100):
        if found():
            return
        time.sleep(0.05)
    pytest.fail(what)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL])
def test_neither_qemu_nor_the_volume_outlives_the_command(smalt, tmp_path, number):
    process = subprocess.Popen([str(smalt), "run", "--uefi", str(leave("aarch64")), "--append", "spin"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env={**os.environ, "TMPDIR": str(tmp_path)}, cwd=tmp_path)
    assert b"UEFI" in process.stdout.readline()
    assert list(tmp_path.iterdir())
    below = children(process.pid)
    process.send_signal(number)
    assert process.wait(30) == -number
    process.stdout.close()
    wait_for(lambda: not any(alive(pid) for pid in below), "a process is left")
    wait_for(lambda: not [path for path in tmp_path.iterdir() if path.name != "core"], "the volume is left")


@pytest.mark.parametrize("words", [["--timeout", "1"], ["--qemu", "-nonsense"], ["--module", "../x=/dev/null"]])
def test_no_file_is_left_behind_a_failure(smalt, tmp_path, words):
    done = run(smalt, "--uefi", leave("aarch64"), "--append", "spin", *words,
               env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode >= 124
    assert list(tmp_path.iterdir()) == []

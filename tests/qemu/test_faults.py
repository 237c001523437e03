# SPDX-License-Identifier: BSD-2-Clause
"""What a kernel does wrong ends in the fault reporter, which names it."""
import guest
import pytest

pytestmark = guest.ALL

KERNEL = r"kernel\.elf segment \d+"

# guest: (the first line's access, the address line)
FAULTS = {
    "write_to_text": ("write to", rf"{KERNEL} r-x \+0x[0-9a-f]+, not writable"),
    "write_to_rodata": ("write to", rf"{KERNEL} r-- \+0x[0-9a-f]+, not writable"),
    "write_to_relro": ("write to", rf"{KERNEL} r-- \+0x[0-9a-f]+, not writable"),
    "write_to_handoff": ("write to", r"handoff r-- \+0x0, not writable"),
    "write_rodata_through_direct_map": ("write to", r"direct map of pa 0x[0-9a-f]+, object memory, read-only"),
    "execute_data": ("jump to", rf"{KERNEL} rw- \+0x[0-9a-f]+, not executable"),
    "execute_stack": ("jump to", r"boot stack rw- \+0x[0-9a-f]+, not executable"),
    "execute_direct_map": ("jump to", r"direct map of pa 0x[0-9a-f]+, object memory, not executable"),
    "jump_to_handoff": ("jump to", r"handoff r-- \+0x0, not executable"),
    "read_page_0": ("read of", r"not mapped: page 0, a null pointer\?"),
    "stack_overflow": ("write to", r"not mapped: guard below boot stack, stack overflow\?"),
    "write_above_stack": ("write to", r"not mapped: 0x0 bytes behind boot stack"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_reported_with_its_row_and_the_missing_right(platform, name):
    """Rules: H1, M12, M14, M18"""
    access, address = FAULTS[name]
    result = guest.boot_guest(platform, name)
    result.expect(126, rf"^smalt: [^:]*: {access} 0x[0-9a-f]{{16}}, code 0x[0-9a-f]+$")
    result.expect(126, rf"^  address  {address}")
    assert "SUCCESS" not in result.output and "VIOLATED" not in result.output


def test_the_handoff_is_read_only_through_the_direct_map_too(platform):
    """Rules: M12"""
    result = guest.boot_guest(platform, "write_to_handoff", append="alias")
    result.expect(126, r"^  address  direct map of pa 0x[0-9a-f]+, smalt-resident memory, read-only")


def test_bss_of_a_read_only_segment_is_zero_and_read_only(platform):
    """Rules: M17, M18"""
    address = guest.HIGH[platform.machine]
    link = guest.Link(address=address, words=("-T", f"{guest.GUESTS}/robss.ld", "--defsym", f"BASE={address:#x}"))
    result = guest.boot_guest(platform, "write_to_readonly_bss", link, prefill=True)
    result.expect(126, rf"^  address  {KERNEL} r-- \+0x1388, not writable$")


def test_a_report_has_pc_registers_and_a_backtrace_of_object_offsets(platform):
    """Rules: H1"""
    result = guest.boot_guest(platform, "undefined")
    result.expect(126, r"^smalt: .*undefined")
    undefined, inner, outer = (result.line(name) for name in ("undefined", "inner", "outer"))
    pc = int(result.expect(126, r"^  pc ").output.split("  pc       0x")[1][:16], 16)
    assert undefined <= pc < undefined + 64
    code = r"kernel\.elf\+0x[0-9a-f]+, kernel\.elf segment \d+ r-x \+0x[0-9a-f]+"
    result.expect(126, rf"^  pc       0x{pc:016x} {code}$")
    frames = [int(line.split()[0], 16) for line in result.output.split("called from\n")[1].splitlines()
              if line.startswith("    0x")]
    assert inner < frames[0] < inner + 64 and outer < frames[1] < outer + 64
    register = {"x86_64": "rsp", "aarch64": "x29"}[platform.machine]
    result.expect(126, rf"^  .*\b{register} +0x[0-9a-f]{{16}}")


@guest.EACH_MACHINE
def test_the_offsets_of_a_report_are_those_of_the_symbol_table(platform):
    """Rules: H1"""
    elf = guest.build("undefined", platform.machine)
    result = guest.boot_guest(platform, "undefined")
    symbols = {line.split()[2]: int(line.split()[0], 16) for line in guest.tool(["llvm-nm", elf]).splitlines()
               if len(line.split()) == 3}
    offset = int(result.output.split("kernel.elf+0x")[1].split(",")[0], 16)
    assert symbols["guest_undefined"] <= offset < symbols["guest_undefined"] + 64

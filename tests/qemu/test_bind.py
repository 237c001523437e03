# SPDX-License-Identifier: BSD-2-Clause
"""Kernels and modules that call each other by name, built by the tools that people use."""
import dataclasses
import hashlib

import guest
import pytest


@dataclasses.dataclass(frozen=True)
class Set:
    """How kernel.elf, a.so and b.so are linked, and what smalt.conf says."""
    linker: str = "lld"
    hash_style: str = "both"
    address: int = 0                    # of the kernel: 0 is position independent
    calls: bool = True                  # the kernel is linked with a.so, and calls it
    who: bool = True                    # the kernel defines what a.so defines, too
    packed: tuple = ()                  # words for the links of modules
    textrel: bool = False
    swapped: bool = False


def compile_module(out, machine, how, name):
    flags = ["-DTEXT_TABLE"] if how.textrel else []
    guest.tool(["clang", "-target", f"{machine}-unknown-none-elf", *guest.CFLAGS, *guest.MACHINE_CFLAGS[machine],
                "-fPIC", "-fsemantic-interposition", "-ftls-model=initial-exec", "-mgeneral-regs-only", *flags,
                "-c", guest.GUESTS / f"bind_{name}.c", "-o", out / f"{name}.o"])


def link_module(out, machine, how, name, words):
    linker = ["ld.lld"] if how.linker == "lld" else list(guest.GNU_LD[machine])
    text = ["-z", "notext"] if how.textrel and name == "a" else ["-z", "text"]
    guest.tool([*linker, "-shared", "-soname", f"{name}.so", "-z", "max-page-size=0x1000", "-z", "separate-code",
                f"--hash-style={how.hash_style}", *text, *how.packed, *words, out / f"{name}.o",
                "-o", out / f"{name}.so"])


def build_modules(machine, how):
    """a.so and b.so, each of which needs the other one: the first a.so is only looked at by the linker."""
    out = guest.BUILD / "guests" / machine / ("bind-" + hashlib.sha256(repr(how).encode()).hexdigest()[:12])
    out.mkdir(parents=True, exist_ok=True)
    compile_module(out, machine, how, "a")
    compile_module(out, machine, how, "b")
    link_module(out, machine, how, "a", ["-e", "a_entry"])
    link_module(out, machine, how, "b", [out / "a.so"])
    link_module(out, machine, how, "a", ["-e", "a_entry", out / "b.so"])
    return out


def build_kernel(machine, how, out):
    words = ("--export-dynamic", f"--hash-style={how.hash_style}", "-z", "dynamic-undefined-weak")
    if how.calls:
        words += ("-Bdynamic", str(out / "a.so"), "--unresolved-symbols=ignore-in-shared-libs",
                  f"-rpath-link={out}") if how.linker == "gnu" else ("-Bdynamic", str(out / "a.so"),
                                                                     "--allow-shlib-undefined")
    defines = (f"KERNEL_DEFINES_WHO={int(how.who)}", f"TEXT_RELOCATIONS={int(how.textrel)}",
               f"WHO='{'k' if how.who and '-Bsymbolic' not in how.packed else 'a'}'")
    defines += ("CALLS_MODULES",) if how.calls else ()
    return guest.build("bind", machine, guest.Link(how.linker, address=how.address, words=words), defines)


def boot(platform, how, **more):
    out = build_modules(platform.machine, how)
    kernel = build_kernel(platform.machine, how, out)
    lines = [f"module a.so role=map{' textrel=allow' if how.textrel else ''}", "module b.so role=map"]
    modules = {name: (out / name).read_bytes() for name in ("a.so", "b.so")}
    conf = "\n".join(reversed(lines) if how.swapped else lines)
    return guest.boot(platform, guest.kernel_archive(kernel, modules, conf), **more)


@pytest.mark.parametrize("swapped", [False, True], ids=["a-first", "b-first"])
@guest.ALL
def test_kernel_and_modules_call_each_other(platform, swapped):
    """Rules: H2, M16, R1, R4, S7, S9"""
    boot(platform, Set(swapped=swapped), prefill=True).success()


SETS = {
    "gnu": Set("gnu"), "gnu-hash": Set(hash_style="gnu"), "sysv-hash": Set(hash_style="sysv"),
    "gnu-gnu-hash": Set("gnu", "gnu"), "gnu-sysv-hash": Set("gnu", "sysv"),
    "rel": Set(packed=("-z", "rel")), "relr": Set(packed=("--pack-dyn-relocs=relr",)),
    "modules-only": Set(calls=False), "own-definition": Set(who=False),
    "symbolic": Set(packed=("-Bsymbolic",)),
}


@pytest.mark.parametrize("name", SETS)
@guest.EACH_MACHINE
def test_sets_of_either_linker_are_bound(platform, name):
    """Rules: R1, R4"""
    boot(platform, SETS[name]).success()


@pytest.mark.parametrize("calls", [False, True], ids=["exports", "calls"])
@guest.EACH_MACHINE
def test_a_kernel_at_a_fixed_address_is_of_the_set(platform, calls):
    """Rules: M6, R1, R4"""
    boot(platform, Set(address=guest.HIGH[platform.machine], calls=calls)).success()


@guest.ALL
def test_text_relocations_end_read_execute_where_they_are_allowed(platform):
    """Rules: M12, M18, R3"""
    boot(platform, Set(textrel=True), prefill=True).success()

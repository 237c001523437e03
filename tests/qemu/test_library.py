# SPDX-License-Identifier: BSD-2-Clause
"""libsmalt.a as a firmware gets it: what is in it, and the example that is built from what is installed."""
import hashlib
import re
import subprocess

import guest
import pytest

MACHINES = ["x86_64", "aarch64"]
LIBRARIES = [*MACHINES, "host"]
CALLED = {"memcpy", "memmove", "memset", "memcmp"}
HEADER = (guest.TOP / "include" / "smalt" / "map.h").read_text()

# Registers of the FPU, of vectors and of the platform (x18), thread-local data, memory below the stack pointer.
FORBIDDEN = {
    "x86_64": r"^f|%[xyz]?mm|%st\b|%[fg]s:|-(?:0x)?[0-9a-f]+\(%rsp\)",
    "aarch64": r"(?<![\w.])[vqdsh](?:[0-9]|[12][0-9]|3[01])\b|\b[wx]18\b|TPIDR|\[sp, #-\d+\]$",
}

# One instruction of each kind: what is looked for would be found.
SAMPLES = {
    "x86_64": ["movaps %xmm0, (%rdi)", "movq %mm0, %rax", "fld1", "mov %fs:0, %rax",
               "mov %rax, -8(%rsp)", "mov -0x40(%rsp), %al"],
    "aarch64": ["fmov d0, x1", "ldr q3, [x1]", "add v0.4s, v1.4s, v2.4s", "str x18, [x0]",
                "mrs x0, tpidr_el0", "str x0, [sp, #-8]"],
}


def library(name):
    return guest.BUILD / name / "libsmalt.a"


def symbols(path):
    """{kind: names} of the symbols that others see."""
    found = {}
    for line in guest.tool(["llvm-nm", "-g", path]).splitlines():
        if re.search(r" ?[A-Za-z] \S+$", line):
            kind, name = line.split()[-2:]
            found.setdefault(kind, set()).add(name)
    return found


def instructions(path):
    listing = guest.tool(["llvm-objdump", "-d", "--no-show-raw-insn", "--no-leading-addr", path])
    return [re.sub(r"<.*>", "", line).strip() for line in listing.splitlines() if line.startswith(("\t", "  "))]


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_defines_the_calls_of_its_header_and_needs_four_functions(name):
    """Rules: M20"""
    found = symbols(library(name))
    calls = set(re.findall(r"\b(smalt_\w+)\((?:const |struct |uint32_t )", HEADER))
    assert len(calls) >= 22
    assert found.pop("U") == CALLED
    assert found == {"T": calls}


@pytest.mark.parametrize("machine_name", MACHINES)
def test_as_pe_a_library_needs_the_same_four_functions(machine_name):
    """A firmware whose linker makes PE files: Microsoft's calls, a long of 32 bits. Rules: M20"""
    defined, missing = set(), set()
    for line in guest.tool(["llvm-nm", guest.BUILD / machine_name / "smalt.lib"]).splitlines():
        if re.search(r" ?[A-Za-z] \S+$", line):
            kind, name = line.split()[-2:]
            (missing if kind == "U" else defined).add(name)
    assert missing - defined == CALLED
    assert "smalt_map" in defined


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_keeps_no_state(name):
    """What can be written is written by the firmware's relocations only. Rules: M1"""
    sections = guest.tool(["llvm-readelf", "-SW", library(name)])
    written = re.findall(r"\] (\S+) +\S+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ +W\w* ", sections)
    assert written
    assert [(name, size) for name, size in written if not name.startswith(".data.rel.ro") and int(size, 16)] == []


@pytest.mark.parametrize("machine_name", MACHINES)
def test_the_code_uses_general_registers_and_no_red_zone(machine_name, tmp_path):
    """Rules: M12"""
    source = tmp_path / "samples.S"
    source.write_text("".join(line + "\n" for line in SAMPLES[machine_name]))
    guest.tool(["clang", "-target", f"{machine_name}-unknown-none-elf", "-c", "-o", tmp_path / "samples.o", source])
    samples, lines = instructions(tmp_path / "samples.o"), instructions(library(machine_name))
    assert [line for line in samples if not re.search(FORBIDDEN[machine_name], line)] == []
    assert len(samples) == 6 and len(lines) > 5000
    assert [line for line in lines if re.search(FORBIDDEN[machine_name], line)] == []


@pytest.mark.parametrize("machine_name", MACHINES)
def test_only_data_holds_addresses(machine_name):
    """Position independent, without a GOT: text and constants are the same wherever they lie. Rules: M12"""
    listing = guest.tool(["llvm-readelf", "-rW", library(machine_name)])
    absolute = []
    for part in re.split(r"Relocation section '", listing)[1:]:
        section = part[:part.index("'")]
        if not section.startswith((".rela.data.rel.ro", ".rela.debug", ".rela.eh_frame")):
            absolute += [section] * len(re.findall(r"R_X86_64_(?:64|32S?) |R_AARCH64_ABS|R_AARCH64_MOVW|_GOT", part))
    assert absolute == []


# --- installed --------------------------------------------------------------------


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """Smalt as `make install` puts it somewhere."""
    root = tmp_path_factory.mktemp("installed")
    words = ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "install", f"DESTDIR={root}", "PREFIX=/usr"]
    guest.tool(words)
    config = root / "usr" / "lib" / "pkgconfig" / "smalt.pc"
    config.write_text(config.read_text().replace("prefix=/usr\n", f"prefix={root}/usr\n"))
    return root / "usr"


@pytest.fixture(scope="module")
def example(prefix, tmp_path_factory):
    """Copies the example out of what is installed, and builds a target; the folder."""
    def build(machine, *targets):
        work = tmp_path_factory.mktemp("firmware")
        guest.tool(["cp", "-r", f"{prefix}/share/smalt/examples/firmware/.", work])
        guest.tool(["env", "-u", "MAKEFLAGS", f"PKG_CONFIG_LIBDIR={prefix}/lib/pkgconfig", "make", "-C", work,
                    f"ARCH={machine}", f"PREFIX={prefix}", *targets])
        return work
    return build


@pytest.fixture(scope="module")
def machines(example):
    return {machine: example(machine) for machine in MACHINES}


def map_on_host(work, path):
    done = subprocess.run([work / "firmware-host", path], capture_output=True, text=True)
    return done.returncode, done.stdout


def test_pkg_config_names_headers_and_library(prefix):
    """Rules: H2"""
    words = ["env", f"PKG_CONFIG_LIBDIR={prefix}/lib/pkgconfig", "pkg-config"]
    assert guest.tool([*words, "--cflags", "--libs", "smalt"]).split() == [
        f"-I{prefix}/include", f"-L{prefix}/lib", "-lsmalt"]
    assert re.fullmatch(r"\d+\.\d+", guest.tool([*words, "--modversion", "smalt"]).strip())


@pytest.mark.parametrize("machine_name", MACHINES)
def test_a_program_maps_the_objects_of_every_machine(machines, machine_name):
    """Rules: M2, M3, M4, M5, M9, M12, R1"""
    code, said = map_on_host(machines["x86_64"], machines[machine_name] / "module.elf")
    assert code == 0, said
    loads = re.findall(r"^  LOAD +0x\w+ 0x(\w+) 0x\w+ 0x(\w+) 0x(\w+) ([R ][W ][E ]) ",
                       guest.tool(["readelf", "-lW", machines[machine_name] / "module.elf"]), re.M)
    expected = [(0x1000000000 + int(va, 16), int(mem, 16), int(file, 16), rights.replace(" ", "-").replace("E", "X").lower())
                for va, file, mem, rights in loads]
    relro = [row for row in expected if row[3] == "rw-"][0]     # all of it is relocated, then read-only
    expected[expected.index(relro)] = (*relro[:3], "r--")
    rows = re.findall(r"^ +([0-9a-f]+) +(\d+)  (\S{3}) +(\d+) ", said, re.M)
    assert [(int(va, 16), int(mem), int(file), rights) for va, mem, rights, file in rows] == expected
    assert re.search(r"^ +1000000000 .*  elf-header phdr-table", said, re.M)


def test_what_is_refused_is_one_line_and_a_status(machines, tmp_path):
    """Rules: M1, M9, M19, M20"""
    work = machines["x86_64"]
    (tmp_path / "short.elf").write_bytes((work / "module.elf").read_bytes()[:0x1010])
    guest.tool(["ld.lld", "-static", "--image-base=0x8000", "-e", "module", work / "module.c.o", "-o", tmp_path / "low.elf"])
    short, low = map_on_host(work, tmp_path / "short.elf"), map_on_host(work, tmp_path / "low.elf")
    assert re.fullmatch(r"short\.elf: .*: TRUNCATED, .*\n", short[1])
    assert re.fullmatch(r"low\.elf: .*the firmware.*: ADDRESS_IN_USE, .*\n", low[1])
    assert [short[0], low[0]] == [statuses().index("TRUNCATED"), statuses().index("ADDRESS_IN_USE")]


def statuses():
    text = (guest.TOP / "include" / "smalt" / "status.h").read_text()
    return re.findall(r"^\tX\((\w+), ", text, re.M)


@guest.ALL
def test_a_firmware_maps_a_module_switches_to_its_tables_and_calls_it(machines, platform):
    """Rules: M12, M17, M18, P7, R1"""
    archive = (machines[platform.machine] / "firmware.cpio").read_bytes()
    result = guest.boot(platform, archive, prefill=not platform.firmware)
    result.expect(0, r"^module: here I am$")
    result.expect(0, r"^firmware: the module returned 42$")
    assert len(re.findall(r"^ +10000[0-9a-f]+ +\d+  [r-][w-][x-] ", result.output, re.M)) == 4


NUMBERED = """
unsigned number = 7;
unsigned *where = &number;
unsigned zeros[3000];
void module(void) { }
"""

INSTANCES = """
#include <smalt/map.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

%s

#define PA 0x40000000ull

/* What the rows show at va: PA is where ram begins. */
static void *show(const struct smalt_space *space, const unsigned char *ram, uint64_t va)
{
	uint32_t count;
	const struct smalt_extent *e = smalt_extents(space, &count);

	while (count > 0 && va - e->va >= e->bytes)
		e++, count--;
	return count > 0 ? (void *)(ram + (e->pa - PA) + (va - e->va)) : NULL;
}

int main(int argc, char **words)
{
	unsigned char *ram = aligned_alloc(1 << 21, 16 << 20), *before = malloc(1 << 20);
	uint64_t bytes = fread(ram, 1, 1 << 20, fopen(words[1], "rb")), number = strtoull(words[2], NULL, 16);
	uint64_t where = strtoull(words[3], NULL, 16), base = 0x1000000000;
	struct smalt_memory memory = { .pa = PA + (1 << 20), .bytes = 15 << 20, .type = SMALT_MEM_USABLE };
	struct smalt_setup setup = {
		.bytes = sizeof(setup), .machine = SMALT_MACHINE_X86_64, .leaf_mask = 7, .memory = &memory,
		.memory_count = 1, .window = (uintptr_t)ram - PA, .object_most = 4, .row_most = 32, .extent_most = 128,
	};
	struct smalt_request object = {
		.bytes = sizeof(object), .flags = SMALT_MAP_INTERPRET, .name = "numbered", .object = ram,
		.object_bytes = bytes, .object_pa = PA,
	};
	struct smalt_fault fault;
	struct smalt_space *space;
	char text[512];

	(void)argc;
	memcpy(before, ram, bytes);
	if (smalt_open(&setup, aligned_alloc(16, 1 << 20), 1 << 20, &space, &fault) ||
	    map_two(space, &object, base, number, &fault)) {
		smalt_fault_text(&fault, text, sizeof(text));
		return puts(text), 1;
	}
	for (uint64_t i = 0; i < 2; i++)
		printf("%%u %%d\\n", *(uint32_t *)show(space, ram, base + (i << 30) + number),
		       *(uint64_t *)show(space, ram, base + (i << 30) + where) == base + (i << 30) + number);
	return memcmp(before, ram, bytes);
}
"""


def test_two_instances_of_a_template_are_mapped_as_the_document_does_it(prefix, tmp_path):
    """Rules: S2, S5, S6, S7, S12"""
    block = re.search(r"```c\n(.*?)```", (guest.TOP / "docs" / "firmware.md").read_text(), re.S)[1]
    (tmp_path / "numbered.c").write_text(NUMBERED)
    (tmp_path / "program.c").write_text(INSTANCES % block)
    elf = tmp_path / "numbered.elf"
    guest.tool(["clang", "-target", "x86_64-unknown-none-elf", "-O2", "-fpie", "-c", "-o", tmp_path / "numbered.o",
                tmp_path / "numbered.c"])
    guest.tool(["ld.lld", "-pie", "--no-dynamic-linker", "-e", "module", "-o", elf, tmp_path / "numbered.o"])
    address = dict(reversed(line.split()[::2]) for line in guest.tool(["llvm-nm", elf]).splitlines() if len(line.split()) == 3)
    guest.tool(["clang", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", f"-I{prefix}/include",
                tmp_path / "program.c", f"-L{prefix}/lib", "-lsmalt", "-o", tmp_path / "program"])
    said = guest.tool([tmp_path / "program", elf, address["number"], address["where"]])
    assert said == "0 1\n1 1\n"


@pytest.mark.parametrize("language", ["c99", "c++11"])
def test_a_program_of_either_language_links(prefix, tmp_path, language):
    """Rules: M20"""
    text = """#include <smalt/map.h>
        #include <stdio.h>
        int main(void)
        {
            struct smalt_setup setup = { 0 };
            struct smalt_fault fault;
            struct smalt_space *space;
            char line[256];
            uint32_t status = smalt_open(&setup, NULL, 0, &space, &fault);

            smalt_fault_text(&fault, line, sizeof(line));
            printf("%s|%s\\n", smalt_status_name(status), line);
            return 0;
        }
        """
    compiler = ["clang++", "-x", "c++"] if language == "c++11" else ["clang", "-x", "c"]
    source = tmp_path / "program.c"
    source.write_text(text)
    guest.tool([*compiler, f"-std={language}", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers",
                f"-I{prefix}/include", source, "-x", "none", f"-L{prefix}/lib", "-lsmalt", "-o", tmp_path / "program"])
    assert guest.tool([tmp_path / "program"]).startswith("INVALID|smalt_setup.bytes: 0x0 ")


def text_of_library(machine):
    """One word for the library's bytes: a guest is built anew when they change."""
    return hashlib.sha256(library(machine).read_bytes()).hexdigest()[:16]


@guest.EACH_MACHINE
def test_no_call_takes_more_of_the_stack_than_is_documented(platform):
    """Rules: M1, S2, S4, S7, S12"""
    machine = platform.machine
    link = guest.Link(words=(str(library(machine)),))
    kernel = guest.build("library", machine, link, (f"LIBRARY_{text_of_library(machine)}",))
    module = guest.build("relocated", machine).read_bytes()
    result = guest.boot(platform, guest.kernel_archive(kernel, {"it": module})).success()
    print(result.output)
    assert 1024 < result.line("deepest") <= 6 << 10
    assert "6 KiB" in (guest.TOP / "docs" / "firmware.md").read_text()

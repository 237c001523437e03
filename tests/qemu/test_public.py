# SPDX-License-Identifier: BSD-2-Clause
"""The public headers, their document and the example, as other people use them."""
import re
import subprocess

import guest
import pytest

HEADERS = sorted((guest.TOP / "include" / "smalt").glob("*.h"))
MACHINES = ["x86_64", "aarch64"]
LANGUAGES = {
    "c99": ["clang", "-x", "c", "-std=c99"],
    "c17": ["clang", "-x", "c", "-std=c17"],
    "c++11": ["clang++", "-x", "c++", "-std=c++11"],
    "c++20": ["clang++", "-x", "c++", "-std=c++20"],
}
STRICT = ["-ffreestanding", "-mgeneral-regs-only", "-pedantic-errors", "-Wall", "-Wextra", "-Werror",
          "-Wno-unused-function", f"-I{guest.TOP}/include", "-fsyntax-only", "-"]


def compile_text(words, text):
    done = subprocess.run(words, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{text}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_a_public_header_compiles_alone(header, language):
    """Rules: H2"""
    for target in MACHINES:
        words = [*LANGUAGES[language], "-target", f"{target}-unknown-none-elf", *STRICT]
        compile_text(words, f"#include <smalt/{header.name}>\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_public_headers_compile_together(language):
    """A kernel may embed the library. Rules: H2"""
    text = "".join(f"#include <smalt/{header.name}>\n" for header in HEADERS)
    for target in MACHINES:
        compile_text([*LANGUAGES[language], "-target", f"{target}-unknown-none-elf", *STRICT], text)


@pytest.mark.parametrize("header", [h for h in HEADERS if h.name not in ("kernel.h", "pages.h")], ids=lambda path: path.name)
def test_the_constants_of_a_public_header_are_usable_in_assembler(header):
    """Rules: H2"""
    names = re.findall(r"^#define (SMALT_\w+)\s+[^(\s\"\\]", header.read_text(), re.M)
    text = f"#include <smalt/{header.name}>\n" + "".join(f".quad {name}\n" for name in names)
    words = ["clang", "-target", "x86_64-unknown-none-elf", "-x", "assembler-with-cpp", f"-I{guest.TOP}/include",
             "-c", "-o", "/dev/null", "-"]
    compile_text(words, text)


def test_a_kernel_of_gcc_gets_the_same_layout():
    """Rules: H2"""
    test = (guest.TOP / "tests" / "unit" / "test_handoff.c").read_text()
    pinned = "".join(line + "\n" for line in test.splitlines() if line.startswith(("AT(", "ALL(")))
    macros = test[test.index("#define AT"):test.index("AT(smalt_array")]
    text = "#include <smalt/request.h>\n#include <smalt/handoff.h>\n#include <stddef.h>\n" + macros + pinned
    compile_text(["gcc", "-std=c11", "-x", "c", f"-I{guest.TOP}/include", "-fsyntax-only", "-"], text)


def test_every_member_is_pinned_and_documented_at_its_offset():
    """Rules: H2"""
    pinned, documented, structure = {}, {}, None
    for found in re.finditer(r"^AT\((\w+), (\w+), (\d+), ", (guest.TOP / "tests/unit/test_handoff.c").read_text(), re.M):
        pinned.setdefault(found[1], []).append((int(found[3]), found[2]))
    document = (guest.TOP / "docs" / "handoff.md").read_text().split("## Layouts")[1]
    for line in document.splitlines():
        head = re.match(r"`struct (\w+)`", line)
        structure = head[1] if head else structure
        for offset, name in re.findall(r"(\d+) (\w+)", line if line.startswith("    ") else ""):
            documented.setdefault(structure, []).append((int(offset), name))
    for header in "handoff.h", "request.h":
        text = (guest.TOP / "include" / "smalt" / header).read_text()
        for name, body in re.findall(r"^struct (?:__attribute__\(\(.*\)\) )?(\w+) \{\n(.*?)^\};", text, re.M | re.S):
            members = re.findall(r"^\t(?:struct )?\w+ (\w+)(?:\[\d+\])?;", body, re.M)
            assert [member for _, member in pinned[name]] == members, name
    pinned.pop("smalt_request_note")
    assert documented == pinned


@pytest.mark.parametrize("machine_name", MACHINES)
def test_the_examples_of_the_document_compile(machine_name):
    """Rules: H2, H4"""
    document = (guest.TOP / "docs" / "handoff.md").read_text()
    blocks = re.findall(r"```c\n(.*?)```", document, re.S)
    assert len(blocks) >= 5
    text = "#include <smalt/kernel.h>\n#include <smalt/pages.h>\n#include <smalt/request.h>\n#include <smalt/exit.h>\n"
    for number, block in enumerate(blocks):
        if block.startswith("SMALT_REQUEST"):
            text += block
        else:
            text += f"void example_{number}(const struct smalt_handoff *handoff);\n"
            text += f"void example_{number}(const struct smalt_handoff *handoff)\n{{\n{block}}}\n"
    words = [*LANGUAGES["c17"], "-target", f"{machine_name}-unknown-none-elf", *STRICT, "-Wno-unused-variable"]
    compile_text(words, text)


@pytest.mark.parametrize("machine_name", MACHINES)
def test_the_fault_reporter_reaches_nothing_outside_itself(machine_name):
    """Rules: H1"""
    objects = [guest.BUILD / machine_name / path for path in
               ("boot/reporter.c.o", f"arch/{machine_name}/fault.c.o", f"arch/{machine_name}/fault.S.o")]
    missing, defined = set(), set()
    for path in objects:
        for line in guest.tool(["llvm-nm", path]).splitlines():
            kind, name = line.split()[-2:]
            (missing if kind == "U" else defined).add(name)
        relocations = guest.tool(["llvm-readelf", "-rW", path])
        sections = re.split(r"Relocation section '", relocations)[1:]
        for section in sections:
            if not section.startswith((".rela.debug", ".rela.eh_frame")):
                assert "R_X86_64_64" not in section and "R_AARCH64_ABS" not in section, section
    assert missing - defined == set()


@guest.EACH_MACHINE
def test_the_example_is_built_outside_the_tree_from_what_is_installed(platform, tmp_path):
    """Rules: H2"""
    prefix, work, machine = tmp_path / "prefix", tmp_path / "hello", platform.machine
    (prefix / "include").mkdir(parents=True)
    guest.tool(["cp", "-r", guest.TOP / "include" / "smalt", prefix / "include"])
    guest.tool(["cp", "-r", guest.TOP / "examples" / "hello", work])
    guest.tool(["env", "PKG_CONFIG_LIBDIR=/nowhere", "make", "-C", work, f"ARCH={machine}", f"PREFIX={prefix}",
                f"SMALT={guest.BUILD}/smalt"])
    result = guest.boot(platform, (work / "hello.cpio").read_bytes()).expect(0, r"^Hello\. This is where I am:$")
    result.expect(0, r"^ *[0-9a-f]+ +\d+  r-x +4K  hello\.elf$")
    result.expect(0, r"^ *[0-9a-f]+ +52  r-- +4K  hello\.txt$")
    result.expect(0, r"^Smalt is blue glass")

# SPDX-License-Identifier: BSD-2-Clause
"""mutate.py FILE.c [TEST...]: makes small mistakes in a C file, one at a time, and lists those that no unit test notices.

A mistake is a swapped operator, a constant off by one, a negated condition or a
deleted statement. Each is compiled in a copy of the tree below build/mutate and
run against the tests that see the file's header (or the TESTs named): a survivor
is a line that no test holds. Some survivors are right, because they mean the same.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = TOP / os.environ.get("O", "build")
TREE = BUILD / "mutate"
ROOMS = ["Makefile", "arch", "boot", "include", "lib", "mm", "object", "tools", "tests"]
TIMEOUT = 60  # seconds for one test program: a mistake may well loop

SWAPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
         "+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "&": "|", "|": "&", "^": "|", "<<": ">>",
         ">>": "<<", "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
OPERATOR = re.compile(r"(?<= )(" + "|".join(map(re.escape, sorted(SWAPS, key=len, reverse=True))) + r")(?= )")
NUMBER = re.compile(r"(?<![\w.])(0[xX][0-9a-fA-F]+|\d+)(?=[uUlL]*\b)")
CONDITION = re.compile(r"\b(?:if|while) \((.*)\)(?: \{)?$")
STATEMENT = re.compile(r"^\t+(?!return\b|break\b|continue\b|goto\b|case\b|default\b)[\w*>.\[\]-]+(?:\(| [-+*|&^<>]*= |\+\+|--).*;$")
HIDDEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text):
    """text with comments and literals replaced by underscores: same lines, same columns."""
    return HIDDEN.sub(lambda hidden: re.sub(r"[^\n]", "_", hidden[0]), text)


def replace(line, match, new):
    return line[:match.start(1)] + new + line[match.end(1):]


def mistakes_of(line, code):
    """(what, mutated line) for one line; code is the line as blank() sees it."""
    for match in OPERATOR.finditer(code):
        yield f"{match[1]} -> {SWAPS[match[1]]}", replace(line, match, SWAPS[match[1]])
    for match in NUMBER.finditer(code):
        value = int(match[1], 16 if match[1][:2].lower() == "0x" else 8 if match[1][0] == "0" else 10)
        for near in [value + 1] + ([value - 1] if value > 0 else []):
            yield f"{match[1]} -> {near}", replace(line, match, str(near))
    match = CONDITION.search(code)
    if match:
        yield "condition negated", replace(line, match, f"!({line[match.start(1):match.end(1)]})")
    if STATEMENT.match(code):
        yield "statement deleted", "\t;"


def mistakes(text):
    """(line number, what, whole mutated text); only inside functions and tables."""
    lines, codes = text.split("\n"), blank(text).split("\n")
    for index, (line, code) in enumerate(zip(lines, codes)):
        if not code.startswith("\t") or code.lstrip().startswith(("#", "_Static_assert")):
            continue
        for what, changed in mistakes_of(line, code):
            yield index + 1, what, "\n".join(lines[:index] + [changed] + lines[index + 1:])


def make(*targets):
    """make in the copy, warnings off: a mistake may leave something unused."""
    return subprocess.run(["make", "-s", "-j2", "WARN=-w", "O=build", *targets], cwd=TREE,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def copy_tree():
    """Sources anew, objects kept: only what changed since the last time is compiled."""
    for room in ROOMS:
        if (TOP / room).is_dir():
            shutil.rmtree(TREE / room, ignore_errors=True)
            shutil.copytree(TOP / room, TREE / room)
        else:
            TREE.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / room, TREE / room)
    (TREE / "build").mkdir(exist_ok=True)
    (TREE / "build/ready").touch()
    sysroot = TREE / "build/sysroot"     # the firmware's headers
    if not sysroot.is_symlink():
        sysroot.symlink_to((BUILD / "sysroot").resolve())


def tests_that_matter(file):
    """The tests whose dependencies name the file itself or its header."""
    stem = pathlib.Path(file).stem
    near = re.compile(rf"(?:include/|/|^){re.escape(stem)}\.h\b|{re.escape(file)}\b")
    names = [path.stem.removeprefix("test_") for path in sorted((TREE / "tests/unit").glob("test_*.c"))]
    made = make(*(f"build/check/tests/unit/test_{name}.c.o" for name in names))
    if made.returncode != 0:
        sys.exit(made.stdout)
    deps = {name: (TREE / f"build/check/tests/unit/test_{name}.c.d").read_text() for name in names}
    chosen = [name for name in names if name == stem or near.search(deps[name])]
    return sorted(chosen, key=lambda name: name != stem)


def run(tests):
    """'survives', 'does not compile', or the name of the test that noticed."""
    for name in tests:
        if make(f"build/check/test_{name}").returncode != 0:
            return "does not compile"
        try:
            done = subprocess.run([TREE / f"build/check/test_{name}"], cwd=TREE, timeout=TIMEOUT,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return name
        if done.returncode != 0:
            return name
    return "survives"


def main(file, tests):
    copy_tree()
    target = TREE / file
    text = target.read_text()
    tests = tests or tests_that_matter(file)
    if not tests:
        sys.exit(f"{file}: no unit test sees it")
    make("build/data")
    if run(tests) != "survives":
        sys.exit(f"{file}: the tests fail without a mistake: {' '.join(tests)}")
    print(f"{file}: against {' '.join(tests)}")
    counts = {"killed": 0, "survives": 0, "does not compile": 0}
    try:
        for line, what, changed in mistakes(text):
            target.write_text(changed)
            outcome = run(tests)
            counts[outcome if outcome in counts else "killed"] += 1
            if outcome == "survives":
                print(f"{file}:{line}: {what}: {text.splitlines()[line - 1].strip()}", flush=True)
    finally:
        # Or the next run would keep the last mistake's object, which is newer than the file it copies.
        target.write_text(text)
        make(*(f"build/check/test_{name}" for name in tests))
    print(f"{file}: {counts['killed']} noticed, {counts['survives']} survived, "
          f"{counts['does not compile']} did not compile")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])

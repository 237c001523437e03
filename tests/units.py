# SPDX-License-Identifier: BSD-2-Clause
"""units.py RESULTS.tsv PROGRAM...: runs cmocka programs side by side and keeps what each test said.

A program that dies takes down the test it was in, by name: what began and did
not end has failed. Output is shown only of programs that failed; the closing
lines are cmocka's own.
"""
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TIMEOUT = 300  # seconds; a unit test takes milliseconds
LINE = re.compile(r"^\[ *(RUN|OK|FAILED|SKIPPED|ERROR) *\] (\w+)$", re.M)
CLOSING = re.compile(r"^\[.*\] (?!Running).*test\(s\).*$", re.M)
RESULT = {"OK": "pass", "SKIPPED": "skip"}


def run(program):
    """(program, exit status, output); a program that hangs is killed and has failed."""
    try:
        done = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT)
        return program, done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        return program, 124, (late.stdout or b"").decode(errors="replace") + "\ntimed out\n"


def results(output):
    """{test: pass|fail|skip}: the last word counts, and a RUN that stays the last has failed."""
    return {test: RESULT.get(word, "fail") for word, test in LINE.findall(output)}


def main(table, programs):
    failed = [] if programs else ["(no programs)"]
    lines = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for program, status, output in pool.map(run, programs):
            name = pathlib.Path(program).name
            tests = results(output)
            lines += [f"tests/unit/{name}.c::{test}\t{said}\n" for test, said in tests.items()]
            wrong = status != 0 or not tests or "fail" in tests.values()
            if wrong:
                failed.append(name)
                print(output, end="")
            closing = " ".join(CLOSING.findall(output)) if tests else "no tests ran"
            print(f"{name}: {closing}" + (f" exit status {status}" if wrong else ""))
    pathlib.Path(table).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(table).write_text("".join(sorted(lines)))
    if failed:
        print(f"unit tests failed: {' '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py BUILD run SECONDS TARGET... | coverage TARGET... | keep TARGET...

run       every target so long, two side by side; a finding ends the target, and its input stays
coverage  runs every seed and every kept input once; lines of object/ and mm/ below LEAST fail
keep      writes the small ones of what `run` found, without what the others reach, to
          tests/fuzz/corpus/TARGET.hex: for targets whose seeds do not reach far, one input a line

Seeds are made by seeds.py. What grows stays in BUILD/fuzz/corpus, findings in BUILD/fuzz/findings.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import seeds

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
ROOMS = ("object", "mm")
LEAST = 95.0  # percent of the lines of ROOMS
ONE_INPUT = 10  # seconds: more is a finding
LONGEST = 32 << 10  # bytes of an input
SMALL = 1 << 10  # of one that is kept as text
QUIET = {"LLVM_PROFILE_FILE": os.devnull}


def fuzzer(build, target, *arguments, **environment):
    """Runs a target; (exit status, what it said)."""
    done = subprocess.run([build / "fuzz" / f"fuzz_{target}", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **QUIET, **environment})
    return done.returncode, done.stdout.decode(errors="replace")


def hunt(build, target, seconds):
    """One target for some seconds: None, or what it found."""
    corpus, findings = build / "fuzz" / "corpus" / target, build / "fuzz" / "findings"
    words = build / "fuzz" / f"{target}.dict"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    status, said = fuzzer(build, target, f"-max_total_time={seconds}", f"-timeout={ONE_INPUT}", f"-max_len={LONGEST}",
                          f"-artifact_prefix={findings}/{target}-", "-print_final_stats=1",
                          *([f"-dict={words}"] if target in seeds.WORDS else []), corpus, seeds.folder(build, target))
    if status == 0:
        runs = re.search(r"number_of_executed_units: (\d+)", said)
        print(f"fuzz_{target}: {runs.group(1) if runs else '?'} inputs", flush=True)
        return None
    kept = re.search(r"Test unit written to (\S+)", said)
    again = f"\nreproduce: {build}/fuzz/fuzz_{target} {kept.group(1)}" if kept else ""
    return f"fuzz_{target}: a finding\n{said[-6000:]}{again}"


def run(build, seconds, targets):
    seeds.make(build, targets)
    with ThreadPoolExecutor(int(os.environ.get("FUZZ_JOBS", 2))) as pool:
        found = [said for said in pool.map(lambda target: hunt(build, target, seconds), targets) if said]
    print("\n".join(found) or f"{len(targets)} targets, {seconds} s each: no finding")
    return 1 if found else 0


def profiles(build, targets):
    """Runs every target once over its seeds; the merged profile."""
    def once(target):
        raw = build / "fuzz" / "profile" / f"{target}.raw"
        status, said = fuzzer(build, target, "-runs=0", f"-max_len={1 << 20}", seeds.folder(build, target),
                              LLVM_PROFILE_FILE=str(raw))
        if status != 0:
            raise SystemExit(f"fuzz_{target}: a finding\n{said[-6000:]}")
        return raw

    (build / "fuzz" / "profile").mkdir(exist_ok=True)
    merged = build / "fuzz" / "profile" / "merged"
    with ThreadPoolExecutor(2) as pool:
        raws = list(pool.map(once, targets))
    subprocess.run(["llvm-profdata", "merge", "-sparse", "-o", merged, *raws], check=True)
    return merged


def lines_of(lcov):
    """{file: [(line, times)]} of llvm-cov's lcov text."""
    files, lines = {}, []
    for line in lcov.splitlines():
        if line.startswith("SF:"):
            lines = files.setdefault(os.path.relpath(line[3:], TOP), [])
        elif line.startswith("DA:"):
            number, times = line[3:].split(",")[:2]
            lines.append((int(number), int(times)))
    return files


def coverage(build, targets):
    seeds.make(build, targets)
    programs = [str(build / "fuzz" / f"fuzz_{target}") for target in targets]
    objects = [programs[0]] + [word for program in programs[1:] for word in ("-object", program)]
    lcov = subprocess.run(["llvm-cov", "export", "-format=lcov", f"-instr-profile={profiles(build, targets)}",
                           *objects], check=True, stdout=subprocess.PIPE).stdout.decode()
    failed = False
    for room in ROOMS:
        files = {name: lines for name, lines in lines_of(lcov).items() if name.split("/")[0] == room}
        for name, lines in sorted(files.items()):
            missed = [str(number) for number, times in lines if times == 0]
            print(f"{100 - 100 * len(missed) / len(lines):6.1f} % {name} {','.join(missed)}")
        every = [times for lines in files.values() for _, times in lines]
        percent = 100 * sum(times > 0 for times in every) / max(len(every), 1)
        print(f"{percent:6.1f} % of the {len(every)} lines of {room}/")
        failed = failed or percent < LEAST
    return 1 if failed else 0


def keep(build, targets):
    for target in targets:
        merged = build / "fuzz" / "merged" / target
        shutil.rmtree(merged, ignore_errors=True)
        merged.mkdir(parents=True)
        seeds.make(build, [target], kept=False)
        shutil.copytree(seeds.folder(build, target), merged, dirs_exist_ok=True)
        made = set(os.listdir(merged))
        corpus = build / "fuzz" / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        seeds.unpack(target, corpus)
        status, said = fuzzer(build, target, "-merge=1", f"-max_len={SMALL}", merged, corpus)
        if status != 0:
            raise SystemExit(said[-6000:])
        files = sorted((path for path in merged.iterdir() if path.name not in made), key=lambda path: path.stat().st_size)
        seeds.pack(target, files)
        print(f"{target}: {len(files)} inputs beside {len(made)} seeds")
    return 0


def main(arguments):
    build, verb, *words = arguments
    build = pathlib.Path(build).resolve()
    if verb == "run":
        return run(build, int(words[0]), words[1:])
    return {"coverage": coverage, "keep": keep}[verb](build, words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

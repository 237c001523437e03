# SPDX-License-Identifier: BSD-2-Clause
"""The tests' own machinery can say no: results, conformance, mutation, installation."""
import os
import subprocess

import conformance
import mutate
import pytest
import units
from conftest import MACHINES, TOP

CMOCKA = """[==========] Running 4 test(s).
[ RUN      ] good
[       OK ] good
[ RUN      ] bad
[  ERROR   ] --- 0x1 != 0x2
[  FAILED  ] bad
[ RUN      ] left_out
[  SKIPPED ] left_out
[ RUN      ] dies
"""


def test_a_unit_test_that_began_and_did_not_end_has_failed():
    assert units.results(CMOCKA) == {"good": "pass", "bad": "fail", "left_out": "skip", "dies": "fail"}


def test_no_unit_program_is_a_failure(tmp_path):
    assert units.main(tmp_path / "unit.tsv", []) == 1


@pytest.mark.parametrize("words,verdict", [
    (["pass"], "pass"), (["pass", "skip"], "pass"), (["skip"], "skip"), (["pass", "fail"], "fail"), ([], "no test"),
])
def test_a_rule_passes_only_if_a_test_passed_and_none_failed(words, verdict):
    tests = [f"t{i}" for i, _ in enumerate(words)]
    assert conformance.verdict(tests, {test: {word} for test, word in zip(tests, words)}) == verdict


def test_a_test_that_did_not_run_proves_nothing():
    assert conformance.verdict(["ran", "did_not"], {"ran": {"pass"}}) == "not run"


@pytest.mark.parametrize("promise,word,status", [
    ("", "fail", 0), ("M1", "pass", 0), ("M1", "skip", 1), ("M1", "fail", 1), ("M", "pass", 1), ("Q7", "pass", 1),
])
def test_a_promise_without_a_passing_test_fails(tmp_path, monkeypatch, promise, word, status):
    for name, text in {"docs/requirements.md": "## M. Mapping [x]\n- M1  One.\n- M2  Two.\n",
                       "tests/finished": f"# promised\n{promise}\n",
                       "tests/unit/test_x.c": "/* Rules: M1 */\nstatic void proves(void **state)\n{\n}\n",
                       "results/unit.tsv": f"tests/unit/test_x.c::proves\t{word}\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(conformance, "TOP", tmp_path)
    out = tmp_path / "conformance.md"
    assert conformance.main(tmp_path / "results", out) == status
    assert f"| M1 | `unit/test_x.c::proves` | {word} |" in out.read_text()
    assert "| M2 |  | no test |" in out.read_text()


def test_mistakes_are_made_in_code_and_nowhere_else():
    text = "#define N 4\nint f(int a)\n{\n\t/* a < 1 */\n\tif (a < 1)\n\t\tg(\"a < 1\");\n\treturn a;\n}\n"
    made = [(line, what) for line, what, _ in mutate.mistakes(text)]
    assert made == [(5, "< -> <="), (5, "1 -> 2"), (5, "1 -> 0"), (5, "condition negated"),
                    (6, "statement deleted")]


def test_an_installed_smalt_finds_its_loaders(tmp_path):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    subprocess.run(["make", "-s", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr"], cwd=TOP, env=env, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert (tmp_path / "usr/lib/pkgconfig/smalt.pc").read_text().startswith("prefix=/usr\n")
    for words in [[machine, *way] for machine in MACHINES for way in ([], ["--uefi"])]:
        done = subprocess.run([tmp_path / "usr/bin/smalt", "run", "--machine", *words], cwd=tmp_path, env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert done.returncode == 0 and "Hello." in done.stdout

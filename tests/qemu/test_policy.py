# SPDX-License-Identifier: BSD-2-Clause
"""Where objects go by policy, and where the random numbers come from that decide it."""
import json
import subprocess

import guest
import pytest

NONE, DEVICETREE, RDRAND, RNDR = 0, 1, 2, 3     # SMALT_ENTROPY_*; QEMU's own CPUs have no RDSEED


@guest.EACH_MACHINE
def test_entropy_is_the_best_that_the_platform_has(platform):
    """Rules: H2, M13"""
    def source(cpu, words=""):
        return guest.boot_guest(platform, "pointers", cpu=cpu, machine_words=words).success().line("entropy")
    if platform.machine == "x86_64":
        assert source("max") == RDRAND and source("max,rdrand=off") == source("qemu64") == NONE
    else:
        no_seed = ",dtb-randomness=off"
        assert source("max") == source("cortex-a57") == DEVICETREE
        assert source("max", no_seed) == RNDR and source("cortex-a57", no_seed) == NONE


ENTROPY = {"x86_64": {"cpu": "max"}, "aarch64": {"cpu": "max"}}
NO_ENTROPY = {"x86_64": {"cpu": "qemu64"}, "aarch64": {"cpu": "cortex-a57", "machine_words": ",dtb-randomness=off"}}


def boot(platform, seed, conf, how, page=0x1000):
    """A kernel whose pointers are checked, with a module; (bases, bits) of both, as it prints them."""
    link = guest.Link(words=("-z", "separate-code"))
    module = guest.build("zero", platform.machine, guest.Link(page=page, words=link.words)).read_bytes()
    result = guest.boot_guest(platform, "policy", link, modules={"module": module}, append="smalt.va=" + conf,
                              conf="module module role=map\n", extra=("-seed", str(seed)), **how).success()
    return result.lines("base"), result.lines("va_bits")


@guest.EACH_MACHINE
def test_random_addresses_differ_between_boots_and_have_the_bits_that_they_claim(platform):
    """Rules: M13"""
    boots = [boot(platform, seed, "random", ENTROPY[platform.machine], 0x10000) for seed in (1, 2, 3, 1)]
    # 4K, and for the module, which is aligned so, 64K: in 2 GiB, in 512 GiB; none at the very end
    bits = {"x86_64": [18, 14], "aarch64": [26, 22]}[platform.machine]
    assert all(claimed == bits for _, claimed in boots)
    assert boots[0] == boots[3]                  # QEMU's -seed makes it repeat itself
    assert len({base for bases, _ in boots for base in bases}) == 6


@guest.EACH_MACHINE
def test_random_frames_differ_between_boots(platform):
    """Rules: M13"""
    def boot(seed, how):
        result = guest.boot_guest(platform, "policy", append="smalt.pa=random", extra=("-seed", str(seed)), **how)
        return result.success().lines("pa"), result.line("pa_bits")
    boots = [boot(seed, ENTROPY[platform.machine]) for seed in (1, 2, 3, 1)]
    assert [bits for _, bits in boots] == [14] * 4      # 128 MiB have 2^15 pages, some are used
    assert boots[0] == boots[3] and len({pa for pas, _ in boots for pa in pas}) == 3 * len(boots[0][0])
    none = [boot(seed, NO_ENTROPY[platform.machine]) for seed in (1, 2)]
    assert none[0] == none[1] and none[0][1] == 0


@guest.EACH_MACHINE
def test_without_entropy_random_is_packed_and_says_so(platform):
    """Rules: M13"""
    (bases, bits) = boot(platform, 1, "random", NO_ENTROPY[platform.machine])
    assert bits == [0, 0]
    assert bases == boot(platform, 2, "packed", ENTROPY[platform.machine])[0]


@guest.EACH_MACHINE
def test_stable_addresses_are_those_of_every_boot(platform):
    """Rules: M13"""
    assert boot(platform, 1, "stable", ENTROPY[platform.machine]) == \
        boot(platform, 2, "stable", NO_ENTROPY[platform.machine])


@guest.UEFI
def test_under_uefi_files_are_read_straight_to_where_they_were_drawn(platform):
    """Rules: M13, S11"""
    conf = "va random\npa random\n"
    rng = ("-device", "virtio-rng-pci")         # EFI_RNG
    how = {"x86_64": {"cpu": "qemu64"}, "aarch64": {"cpu": "cortex-a57"}}[platform.machine]
    results = [guest.boot_guest(platform, "policy", conf=conf, extra=rng, **how).success() for _ in range(2)]
    bases, pas = ({result.lines(what)[0] for result in results} for what in ("base", "pa"))
    assert len(bases) == 2 and len(pas) == 2
    for result in results:
        assert result.line("va_bits") in (18, 26) and result.line("pa_bits") in (14, 15)
        assert result.line("copied") == 0


def test_a_seed_in_the_environment_draws_the_same_again(machine, smalt, tmp_path):
    """Rules: M13"""
    elf = guest.build("undefined", machine)
    start = {"x86_64": 0x100000, "aarch64": 0x40000000}[machine]
    path = {"x86_64": "pvh", "aarch64": "image"}[machine]
    env = (f"path {path}\nmachine {machine}\ncpu leaf_mask=0x7\ncpu levels=4\ncpu x86_isa=0x7\n"
           f"memory {start:#x} {start + (64 << 20):#x} usable\n"
           f"loader {start + 0x200000:#x} {start + 0x204000:#x}\n"
           f"part jump r-x {start + 0x200000:#x} {start + 0x201000:#x}\n"
           f"memory {start + 0x1000000:#x} {start + 0x1100000:#x} reclaimable\n"
           f"file initrd {start + 0x1000000:#x} {elf.stat().st_size:#x}\n")

    def plan(seed, *words):
        (tmp_path / "env").write_text(env + f"seed {seed}\n")
        done = subprocess.run([smalt, "plan", elf, "--env", tmp_path / "env", *words,
                               "--append", "smalt.va=random smalt.pa=random smalt.reporter=off"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout
    assert plan("00ff", "--json") == plan("00ff", "--json") != plan("00fe", "--json")
    kernel = json.loads(plan("00ff", "--json"))["objects"][0]
    assert f"random      {kernel['va_bits']} bits of va, {kernel['pa_bits']} of pa: {kernel['name']}\n" in plan("00ff")


# --- what code was made for -------------------------------------------------------------

BTI = guest.Link(words=("-z", "force-bti"))


@pytest.mark.platforms("virt", "virt-el2", "aavmf")
def test_a_branch_into_guarded_text_that_lands_on_no_bti_traps(platform):
    """Rules: M15"""
    result = guest.boot_guest(platform, "bti", BTI)
    result.expect(126, r"^smalt: branch target exception")
    assert result.line("features") & 1 and result.line("guarded") == 1
    result.expect(126, rf"^  pc       0x{result.line('target'):016x} kernel\.elf\+")


@pytest.mark.platforms("virt")
@pytest.mark.parametrize("link, cpu, features", [(BTI, "cortex-a57", 1), (guest.Link(), "max", 0)])
def test_without_bti_in_cpu_or_code_nothing_is_guarded(platform, link, cpu, features):
    """Rules: M15"""
    result = guest.boot_guest(platform, "bti", link, cpu=cpu).success()
    assert result.line("guarded") == 0 and result.line("features") == features


@guest.EACH_MACHINE
def test_the_plan_tells_what_code_was_made_for(platform, smalt):
    """Rules: M15"""
    words = {"aarch64": ("-z", "force-bti"), "x86_64": ("-z", "force-ibt", "-z", "shstk")}[platform.machine]
    elf = guest.build("undefined", platform.machine, guest.Link(words=words))
    plan = json.loads(subprocess.run([smalt, "plan", "--json", elf], capture_output=True, check=True).stdout)
    assert plan["objects"][0]["features"] == {"aarch64": ["bti"], "x86_64": ["ibt", "shstk"]}[platform.machine]
    for row in plan["mappings"]:
        guarded = platform.machine == "aarch64" and row["object"] == 0 and "x" in row["prot"]
        assert ("guarded" in row["flags"]) == guarded

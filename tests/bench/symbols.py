# SPDX-License-Identifier: BSD-2-Clause
"""symbols.py: which function of the loader, and which line, a counted block belongs to."""
import bisect
import collections
import subprocess


class Block(collections.namedtuple("Block", "va instructions executions outside")):
    """A translation block as count.c prints it; `outside` ran elsewhere, between it and the image's next block."""

    @property
    def own(self):
        return self.instructions * self.executions


class Count:
    """What count.c wrote of a boot: all instructions, where the first was, the blocks."""

    def __init__(self, text):
        head, *lines = text.splitlines()
        words = head.split()
        self.total, self.first_va = int(words[1]), int(words[3], 16)
        self.blocks = [Block(*(int(word, 0) for word in line.split())) for line in lines]


def command(*words, timeout=120, **how):
    return subprocess.run([str(word) for word in words], check=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, timeout=timeout, **how).stdout


class Symbols:
    """The functions of an ELF, by their linked addresses."""

    def __init__(self, elf):
        self.elf = elf
        lines = (line.split() for line in command("llvm-nm", elf).splitlines())
        self.names = sorted((int(va, 16), name) for va, kind, name in lines if kind in "tT")
        self.starts = [va for va, name in self.names]
        self.first, self.end = self.starts[0], self.starts[-1] + 4096

    def name(self, va):
        return self.names[bisect.bisect_right(self.starts, va) - 1][1]

    def lines(self, vas):
        """{va: "function file:line"}, without what was inlined there."""
        vas = list(vas)
        text = command("llvm-symbolizer", "--obj", self.elf, "--no-inlines", "--basenames", *map(hex, vas))
        frames = [entry.split("\n") for entry in text.strip().split("\n\n")]
        return {va: f"{frame[0]} {frame[1].rsplit(':', 1)[0]}" for va, frame in zip(vas, frames)}


def agreed(symbols, blocks, count):
    """How far from its linked place the image ran: what most blocks that begin a function agree on."""
    by_offset = collections.defaultdict(list)
    for va in symbols.starts:
        by_offset[va & 0xfff].append(va)
    votes = collections.Counter(block.va - va for block in blocks for va in by_offset[block.va & 0xfff])
    return [delta for delta, vote in votes.most_common(count)]


def functions(symbols, blocks, deltas):
    """[(own instructions, instructions outside meanwhile, function)], dearest first."""
    cost = collections.defaultdict(lambda: [0, 0])
    for block in blocks:
        linked = next((block.va - delta for delta in deltas
                       if symbols.first <= block.va - delta < symbols.end), None)
        name = symbols.name(linked) if linked is not None else f"{block.va:#x}"
        cost[name][0] += block.own
        cost[name][1] += block.outside
    return sorted(((own, outside, name) for name, (own, outside) in cost.items()), reverse=True)

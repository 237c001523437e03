# SPDX-License-Identifier: BSD-2-Clause
"""smalt plan --svg: the picture is well-formed, says what the JSON of the same plan says, and stands alone."""
import json
import re
import subprocess
import xml.etree.ElementTree

import pytest
from test_plan import elf, plan, planned, small_kernel

SVG = "{http://www.w3.org/2000/svg}"
ROWS_MOST, PIECES_MOST = 64, 4


class Picture:
    """A picture as XML: its texts by place, its groups by name."""

    def __init__(self, path):
        self.text = path.read_text()
        self.root = xml.etree.ElementTree.fromstring(self.text)
        self.groups = {}
        for group in self.root.iter(f"{SVG}g"):
            assert group.get("id") not in self.groups
            self.groups[group.get("id")] = group
        self.texts = [(int(t.get("x")), int(t.get("y")), t.text or "") for t in self.root.iter(f"{SVG}text")]

    def title(self, name):
        return self.groups[name].find(f"{SVG}title").text

    def named(self, kind):
        return sorted(int(name.split("-")[1]) for name in self.groups if name.startswith(f"{kind}-"))

    def words(self):
        return [text for _, _, text in self.texts]

    def line(self, word):
        """The texts that stand to the right of a word on its line."""
        (x, y), = [(x, y) for x, y, text in self.texts if text == word]
        return [text for tx, ty, text in sorted(self.texts) if ty == y and tx > x]

    def below(self, word):
        """The sum under its heading, the first of this name."""
        y, x = min((y, x) for x, y, text in self.texts if text == word)
        text, = [text for tx, ty, text in self.texts if tx == x and ty == y + 17]
        return text


def drawn(smalt, tmp_path, *words):
    """A picture and the JSON of the same plan, by one command."""
    path = tmp_path / "plan.svg"
    result = planned(smalt, *words, "--svg", path)
    return Picture(path), result


def leaves_words(leaves):
    return " + ".join(f"{count} x {size}" for size, count in leaves.items() if count)


def row_name(result, row):
    if row["object"] is None:
        return row["kind"]
    name = result["objects"][row["object"]]["name"]
    return name if row["segment"] is None else f"{name}:{row['segment']}"


def shape(machine):
    """Text, read-only data, data with a long bss behind it, and a hole between them."""
    return elf(machine, [(0x400000, 5, b"T" * 5000, 5000), (0x402000, 4, b"R" * 300000, 300000),
                         (0x800000, 6, b"D" * 70000, 0x5000000)], 0x400010)


@pytest.fixture
def words(machine, tmp_path):
    """A kernel of several leaf sizes, a module in place, and one that is mapped."""
    (tmp_path / "kernel.elf").write_bytes(shape(machine))
    (tmp_path / "disk.img").write_bytes(b"d" * 5_000_001)
    (tmp_path / "driver").write_bytes(elf(machine, [(0, 5, b"T" * 100, 100), (0x1000, 6, b"D", 9000)], 0, kind=3))
    return [tmp_path / "kernel.elf", tmp_path / "disk.img", f"{tmp_path}/driver,role=map"]


# --- what it says -------------------------------------------------------------------


def test_every_row_and_extent_of_the_plan_is_drawn_once(machine, smalt, words, tmp_path):
    """Rules: P5"""
    picture, result = drawn(smalt, tmp_path, *words)
    assert picture.named("row") == list(range(len(result["mappings"])))
    assert picture.named("extent") == list(range(len(result["extents"])))
    for i, row in enumerate(result["mappings"]):
        why = "-" if row["why"] == "nothing" else row["why"]
        assert picture.title(f"row-{i}") == (
            f"{row_name(result, row)}: va {row['va']}, {row['mem_bytes']} bytes, {row['prot']}, "
            f"leaves {leaves_words(row['leaves'])}, why not larger: {why}")
        said = [text.text for text in picture.groups[f"row-{i}"].iter(f"{SVG}text")]
        assert said[:2] == [row["va"], row_name(result, row)] and row["prot"] in said
    for i, extent in enumerate(result["extents"]):
        assert picture.title(f"extent-{i}") == (
            f"va {extent['va']}, pa {extent['pa']}, {extent['bytes']} bytes, {extent['backing']}")
        assert extent["pa"] in picture.words()


def test_colors_say_rights_in_words_and_in_classes(machine, smalt, words, tmp_path):
    picture, result = drawn(smalt, tmp_path, *words)
    classes = {"r--": "ro", "rw-": "rw", "r-x": "rx"}
    for i, row in enumerate(result["mappings"]):
        group = picture.groups[f"row-{i}"]
        rights, = [text for text in group.iter(f"{SVG}text") if text.text == row["prot"]]
        assert rights.get("class") == f"mono {classes[row['prot']]}"
        bars = [rect.get("class").split() for rect in group.iter(f"{SVG}rect") if rect.get("x") == "408"]
        backings = [e["backing"] for e in result["extents"] if e["mapping"] == i]
        assert [bar[0] for bar in bars if bar[0] in classes.values()] == [classes[row["prot"]]] * len(backings)
        assert [bar[0] for bar in bars if bar[0] not in classes.values()] == [
            backing for backing in backings if backing in ("copy", "device", "shared", "pad")]
        assert sum("empty" in bar for bar in bars) == backings.count("zero")
    for i, extent in enumerate(result["extents"]):
        assert picture.groups[f"extent-{i}"].find(f"{SVG}path").get("class") == f"join {classes[extent['prot']]}"


def test_the_sums_are_those_of_the_json(machine, smalt, words, tmp_path):
    """Rules: P1"""
    picture, result = drawn(smalt, tmp_path, *words)
    pages = result["pages"]
    assert picture.below("LEAVES") == leaves_words(pages["leaves"])
    assert picture.below("BOUND / IDEAL") == f"{pages['lower_bound']} / {pages['ideal']}"
    assert picture.below("PAGE TABLES") == f"{pages['tables']} pages"
    colors = result["colors"]
    assert picture.below("CACHE COLORS") == (
        "off" if colors["policy"] == "off" else f"{colors['count']}, {colors['policy']}")
    assert "kernel.elf + 2 modules" in picture.words()
    assert f"{machine}, protocol smalt, entry {result['entry']}" in picture.words()


def test_a_row_has_a_tile_for_each_leaf_or_one_and_their_number(machine, smalt, words, tmp_path):
    """Rules: P5"""
    picture, result = drawn(smalt, tmp_path, *words)
    for i, row in enumerate(result["mappings"]):
        group = picture.groups[f"row-{i}"]
        tiles = [r for r in group.iter(f"{SVG}rect") if r.get("class").startswith("tile")]
        counts = [count for count in row["leaves"].values() if count]
        assert len(tiles) == sum(count if count <= 5 else 1 for count in counts)
        assert [t.text for t in group.iter(f"{SVG}text") if re.fullmatch(r"x\d+", t.text or "")] == [
            f"x{count}" for count in counts if count > 5]


def test_the_legend_holds_what_occurs_and_nothing_else(machine, smalt, words, tmp_path):
    picture, result = drawn(smalt, tmp_path, *words)
    rights = {word.split()[0] for word in picture.line("RIGHTS")}
    assert rights == {row["prot"] for row in result["mappings"]}
    names = {"in-place": "in place", "copy": "copied", "zero": "zeroed", "device": "not Smalt's"}
    assert set(picture.line("BACKING")) == {names[e["backing"]] for e in result["extents"]}
    sizes = {size for leaves in [result["direct_map"]["leaves"], *(row["leaves"] for row in result["mappings"])]
             for size, count in leaves.items() if count}
    # The heading above the sums has the same word: the legend's is the one with others beside it.
    y = max(y for _, y, text in picture.texts if text == "LEAVES")
    line = [text for _, ty, text in sorted(picture.texts) if ty == y][1:]
    assert line == [*sorted(sizes, key=lambda size: (size[-1] == "G", size[-1] == "M", int(size[:-1]))),
                    "guard page or gap", "in the direct map"]


def test_without_a_direct_map_there_is_none(machine, smalt, words, tmp_path):
    picture, _ = drawn(smalt, tmp_path, *words, "--append", "smalt.direct_map=none")
    assert not any("direct map" in text for text in picture.words())


def test_all_memory_of_the_kernel_stands_on_the_right(machine, smalt, words, tmp_path):
    """Rules: H3"""
    picture, result = drawn(smalt, tmp_path, *words)
    places = [text for x, _, text in sorted(picture.texts, key=lambda t: t[1]) if x == 586 and text.startswith("0x")]
    assert [int(pa, 16) for pa in places] == sorted(int(pa, 16) for pa in places)
    for memory in result["memory"]:
        covered = [e for e in result["extents"] if int(e["pa"], 16) == int(memory["pa"], 16)]
        assert memory["pa"] in places or covered, memory


# --- cache colors -------------------------------------------------------------------

CACHE = "smalt.llc_size=1M smalt.llc_ways=16 smalt.llc_line=64 smalt.color="
COLORS = 16                      # 1 MiB / 16 ways / 4096
PARTS = {"kernel": range(0, 8), "modules": range(8, 12), "tables": range(12, 14), "free": range(14, 16)}
PARTITION = "partition smalt.colors.kernel=0-7 smalt.colors.module=8-11 smalt.colors.tables=12,13 smalt.colors.free=14-15"


def tiles(picture, x, y):
    """The fills of color tiles from (x, y) to the right: other rectangles have a class."""
    found = [(float(r.get("x")), r.get("fill")) for r in picture.root.iter(f"{SVG}rect")
             if r.get("fill") and y - 40 <= float(r.get("y")) <= y and float(r.get("x")) >= x]
    return [fill for _, fill in sorted(found)]


def chart(picture):
    """Fills of the colors, and the frames in use of each, from the columns at the end."""
    (x, y), = [(x, y) for x, y, text in picture.texts if text == "COLORS"]
    used = [int(text) for tx, ty, text in sorted(picture.texts) if ty == y + 13]
    return tiles(picture, x, y), used


def test_without_colors_there_are_no_tiles_of_them(machine, smalt, words, tmp_path):
    """Rules: C2"""
    picture, _ = drawn(smalt, tmp_path, *words, "--append", CACHE + "off")
    assert picture.below("CACHE COLORS") == "off"
    assert "COLORS" not in picture.words() and " fill=" not in picture.text


@pytest.mark.parametrize("policy", ["match", "spread", PARTITION])
def test_frames_have_a_tile_for_each_color(machine, smalt, words, tmp_path, policy):
    """Rules: C2, C3"""
    picture, result = drawn(smalt, tmp_path, *words, "--append", CACHE + policy)
    palette, used = chart(picture)
    assert picture.below("CACHE COLORS") == f"16, {policy.split()[0]}"
    assert used == result["colors"]["used"]
    assert len(palette) == len(set(palette)) == len(used) == COLORS and sum(used) > 100
    assert "1M, 16 ways, told by config" in picture.words()
    seen = 0
    for extent in (result["extents"][i] for i in picture.named("extent")):
        pa, pages = int(extent["pa"], 16), int(extent["bytes"], 16) // 4096
        (_, y), = [(x, y) for x, y, text in picture.texts if text == extent["pa"] and x == 586]
        shown = [r.get("fill") for r in picture.root.iter(f"{SVG}rect")
                 if r.get("fill") and float(r.get("x")) > 700 and r.get("y") == str(y - 8)]
        expected = [palette[(pa // 4096 + i) % COLORS] for i in range(min(pages, COLORS))]
        assert shown == ([] if extent["backing"] == "device" else expected), extent
        seen += len(shown)
    assert seen > 20
    check_layout(picture)


def test_a_partition_shows_whose_the_colors_are(machine, smalt, words, tmp_path):
    """Rules: C3"""
    picture, _ = drawn(smalt, tmp_path, *words, "--append", CACHE + PARTITION)
    palette, used = chart(picture)
    for name, colors in PARTS.items():
        (y,) = [y for _, y, text in picture.texts if text == name]
        shown = [r.get("fill") for r in picture.root.iter(f"{SVG}rect") if r.get("y") == str(y - 6) and r.get("fill")]
        assert shown == [palette[i] for i in colors], name
    assert "modules" not in drawn(smalt, tmp_path, *words, "--append", CACHE + "spread")[0].words()


def test_the_table_says_the_same_of_colors(machine, smalt, words, tmp_path):
    """Rules: C2"""
    path = tmp_path / "colors.svg"
    done = plan(smalt, *words, "--append", CACHE + "spread", "--svg", path)
    _, used = chart(Picture(path))
    assert f"\ncolors      16, spread; cache 1M, 16 ways, from config; {min(used)}..{max(used)} frames of each in use\n" in done.stdout
    assert "\ncolors      off\n" in plan(smalt, *words, "--append", CACHE + "off").stdout


@pytest.mark.parametrize("size, colors", [("128K", 2), ("256K", 4), ("4M", 64)])
def test_any_number_of_colors_has_its_palette(machine, smalt, words, tmp_path, size, colors):
    """Rules: C2"""
    picture, _ = drawn(smalt, tmp_path, *words, "--append", CACHE.replace("1M", size) + "spread")
    palette, _ = chart(picture)
    assert len(set(palette)) == len(palette) == colors
    check_layout(picture)


# --- how it looks -------------------------------------------------------------------


def boxes(picture):
    for rect in picture.root.iter(f"{SVG}rect"):
        if rect.get("x") and rect.get("class") != "ground":
            yield [float(rect.get(key)) for key in ("x", "y", "width", "height")]


def check_layout(picture):
    """Nothing leaves the picture, no bar is empty, no text of a column stands on another."""
    width, height = int(picture.root.get("width")), int(picture.root.get("height"))
    assert width == 900
    for x, y, w, h in boxes(picture):
        assert 0 <= x and x + w <= width and 0 <= y and y + h <= height and w > 0 and h > 0
    for column in (24, 586):
        lines = sorted(y for x, y, _ in picture.texts if x == column)
        assert all(after - before >= 10 for before, after in zip(lines, lines[1:])), column
    assert all(0 < y < height for _, y, _ in picture.texts)
    ends = [max(y + h for x, y, _, h in boxes(picture) if x == bar) for bar in (408, 562)]
    assert abs(ends[0] - ends[1]) <= 2           # both sides end together


def test_nothing_overlaps(machine, smalt, words, tmp_path):
    check_layout(drawn(smalt, tmp_path, *words)[0])
    check_layout(drawn(smalt, tmp_path, *words, "--ram", "40G")[0])


def test_the_same_plan_is_the_same_picture(machine, smalt, words, tmp_path):
    first, _ = drawn(smalt, tmp_path, *words)
    second, _ = drawn(smalt, tmp_path, *words)
    assert first.text == second.text


def test_it_stands_alone_and_knows_light_and_dark(machine, smalt, words, tmp_path):
    picture, _ = drawn(smalt, tmp_path, *words)
    assert {element.tag.removeprefix(SVG) for element in picture.root.iter()} == {
        "svg", "title", "style", "defs", "pattern", "rect", "g", "path", "text"}
    assert "prefers-color-scheme:dark" in picture.text
    assert re.findall(r"https?:[^\"]*", picture.text) == ["http://www.w3.org/2000/svg"]
    assert set(re.findall(r"url\((.*?)\)", picture.text)) == {"#copy", "#pad", "#device", "#shared"}
    assert not re.search(r"@import|@font-face|\bon\w+=|href", picture.text)
    used = {name for element in picture.root.iter() for name in element.get("class", "").split()}
    style = picture.root.find(f"{SVG}style").text
    assert not {name for name in used if f".{name}" not in style}


def test_names_are_escaped(machine, smalt, tmp_path):
    """Rules: M20"""
    (tmp_path / "kernel").write_bytes(small_kernel(machine))
    (tmp_path / "data").write_bytes(b"x")
    names = ['"><script>alert(1)</script>', "&lt;]]>", "\x01\x7f\x1b[31m"]
    picture, _ = drawn(smalt, tmp_path, f"k&<k>.elf={tmp_path}/kernel", *(f"{name}={tmp_path}/data" for name in names))
    assert "k&<k>.elf + 3 modules" in picture.words()
    assert {names[0], names[1], "???[31m"} <= set(picture.words())
    assert not list(picture.root.iter(f"{SVG}script"))


def test_a_long_name_is_cut(machine, smalt, tmp_path):
    (tmp_path / "kernel").write_bytes(small_kernel(machine))
    (tmp_path / "data").write_bytes(b"x")
    picture, _ = drawn(smalt, tmp_path, tmp_path / "kernel", f"{'n' * 90}={tmp_path}/data")
    assert "n" * 28 + ".." in picture.words()


# --- many ---------------------------------------------------------------------------


def segments(machine, count):
    """A kernel with so many rows of objects, each on a page of its own."""
    first = 0x400000
    return elf(machine, [(first + 0x2000 * i, 5 if i == 0 else 6, b"x", 9) for i in range(count)], first)


def test_forty_modules_are_all_there(machine, smalt, tmp_path):
    (tmp_path / "kernel").write_bytes(small_kernel(machine))
    (tmp_path / "data").write_bytes(b"x" * 5000)
    picture, result = drawn(smalt, tmp_path, tmp_path / "kernel", *(f"m{i}={tmp_path}/data" for i in range(40)))
    assert picture.named("row") == list(range(len(result["mappings"])))
    assert {f"m{i}" for i in range(40)} <= set(picture.words())
    check_layout(picture)


@pytest.mark.parametrize("count", [60, 300])
def test_more_rows_than_fit_are_counted(machine, smalt, tmp_path, count):
    (tmp_path / "kernel").write_bytes(segments(machine, count))
    picture, result = drawn(smalt, tmp_path, tmp_path / "kernel")
    rows = len(result["mappings"])
    assert rows > ROWS_MOST and len(picture.named("row")) == ROWS_MOST
    assert picture.named("row")[0] == 0 and picture.named("row")[-1] == rows - 1
    assert f"{rows - ROWS_MOST} rows more" in picture.words()
    check_layout(picture)
    assert int(picture.root.get("height")) < 3000


def test_of_a_row_in_many_pieces_the_first_ones_and_the_last_are_drawn(machine, smalt, tmp_path):
    """Rules: P2"""
    (tmp_path / "kernel").write_bytes(elf(machine, [(0x400000, 5, b"x", 9), (0x402000, 6, b"", 300 << 12)], 0x400000))
    start = {"x86_64": 0x1000000, "aarch64": 0x40000000}[machine]
    lines = [f"machine {machine}", "path " + {"x86_64": "pvh", "aarch64": "image"}[machine], "cpu leaf_mask=1",
             f"memory {start:#x} {start + 0x1000000:#x} reclaimable", f"loader {start:#x} {start + 0x100000:#x}"]
    lines += [f"memory {start + 0x1000000 + 0x20000 * i:#x} {start + 0x1018000 + 0x20000 * i:#x} usable" for i in range(50)]
    lines += [f"file initrd {start + 0x200000:#x} {(tmp_path / 'kernel').stat().st_size}"]
    (tmp_path / "env").write_text("\n".join(lines) + "\n")
    picture, result = drawn(smalt, tmp_path, tmp_path / "kernel", "--env", tmp_path / "env")
    for i in range(len(result["mappings"])):
        extents = [n for n, extent in enumerate(result["extents"]) if extent["mapping"] == i]
        expected = extents if len(extents) <= PIECES_MOST else extents[:PIECES_MOST - 1] + extents[-1:]
        assert [n for n in extents if n in picture.named("extent")] == expected
    assert max(sum(e["mapping"] == i for e in result["extents"]) for i in range(len(result["mappings"]))) > PIECES_MOST
    check_layout(picture)


def test_shared_frames_stand_once(machine, smalt, tmp_path):
    """Rules: S3"""
    (tmp_path / "kernel").write_bytes(small_kernel(machine))
    (tmp_path / "twin").write_bytes(elf(machine, [(0, 5, b"T" * 100, 100), (0x1000, 6, b"D", 9)], 0, kind=3))
    picture, result = drawn(smalt, tmp_path, tmp_path / "kernel", f"{tmp_path}/twin,role=map,instances=3")
    shared = [e for e in result["extents"] if e["backing"] == "shared"]
    assert len(shared) == 2
    assert picture.words().count("4K of 3 extents") == 1
    assert "shared by instances" in picture.line("BACKING")
    check_layout(picture)


# --- the command --------------------------------------------------------------------


def test_it_goes_with_the_table_and_with_the_json(machine, smalt, words, tmp_path):
    table = plan(smalt, *words)
    with_table = plan(smalt, *words, "--svg", tmp_path / "a.svg")
    assert (with_table.returncode, with_table.stdout, with_table.stderr) == (0, table.stdout, "")
    with_json = plan(smalt, *words, "--json", f"--svg={tmp_path}/b.svg")
    assert with_json.returncode == 0 and json.loads(with_json.stdout)["status"] == "OK"
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_refused_plan_leaves_the_old_picture(machine, smalt, tmp_path):
    """Rules: M20"""
    (tmp_path / "cut").write_bytes(small_kernel(machine)[:-1])
    (tmp_path / "plan.svg").write_text("old")
    before = sorted(tmp_path.iterdir())
    done = plan(smalt, tmp_path / "cut", "--svg", tmp_path / "plan.svg")
    assert done.returncode == 1 and re.fullmatch(r"smalt: [^\n]+\n", done.stderr)
    assert (tmp_path / "plan.svg").read_text() == "old" and sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name, said", [("none/plan.svg", "create"), (".", "replace")])
def test_a_picture_that_cannot_be_written_is_one_line(machine, smalt, words, tmp_path, name, said):
    """Rules: M20"""
    before = sorted(tmp_path.iterdir())
    done = plan(smalt, *words, "--svg", tmp_path / name)
    assert done.returncode == 1
    assert re.fullmatch(r"smalt: [^\n]+\n", done.stderr) and f"{tmp_path / name}" in done.stderr and said in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_full_disk_leaves_the_old_picture(machine, smalt, words, tmp_path):
    """Rules: M20"""
    (tmp_path / "plan.svg").write_text("old")
    before = sorted(tmp_path.iterdir())
    command = ["sh", "-c", 'ulimit -f 8; trap "" XFSZ; exec "$@"', "sh", smalt, "plan", words[0], "--svg",
               tmp_path / "plan.svg"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 1 and re.fullmatch(r"smalt: [^\n]*plan\.svg[^\n]*\n", done.stderr), done.stderr
    assert (tmp_path / "plan.svg").read_text() == "old" and sorted(tmp_path.iterdir()) == before


def test_without_a_name_it_is_a_usage_error(smalt):
    done = plan(smalt, "kernel", "--svg")
    assert done.returncode == 2 and done.stderr == "smalt: --svg needs FILE\n"

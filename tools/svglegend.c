/* SPDX-License-Identifier: BSD-2-Clause */
/* svglegend.c: what the marks of this picture mean: those that occur in it. */
#include "svgplan.h"

#include <inttypes.h>

#define LINE 22
#define KEYS_X 132               /* behind the word that names the line */

/* One line of the legend, as far as it is drawn. */
struct legend { FILE *out; int x, y; };

static void put_word(struct legend *at, const char *text)
{
	svg_text(at->out, at->x, at->y, "small", "%s", text);
	at->x += 6 * (int)span_of(text).bytes + 18;
}

static struct legend begin(FILE *out, int y, const char *name)
{
	svg_text(out, SVG_LEFT, y, "h2 dim", "%s", name);
	return (struct legend){ out, KEYS_X, y };
}

/* --- rights --- */

static void draw_rights(FILE *out, const struct picture *picture, int y)
{
	static const char *const words[] = {
		"nothing", "--x execute", "-w- write", "-wx write and execute", "r-- read", "r-x read and execute",
		"rw- read and write", "rwx read, write and execute",
	};
	struct legend at = begin(out, y, "RIGHTS");
	uint32_t seen = 0;

	for (uint32_t i = 0; i < picture->left.count; i++)
		if (picture->left.bands[i].kind == BAND_ROW)
			seen |= 1u << (picture->boot->space.rows[picture->left.bands[i].index].prot & 7);
	for (uint32_t prot = 0; prot < 8; prot++) {
		if (!(seen >> prot & 1))
			continue;
		svg_bar(out, (struct svg_box){ at.x, y - 9, SVG_BAR, 10 }, prot, SMALT_BACKING_IN_PLACE);
		at.x += SVG_BAR + 6;
		put_word(&at, words[prot]);
	}
}

/* --- backing --- */

static const struct word backings[] = {
	{ "in place", SMALT_BACKING_IN_PLACE }, { "copied", SMALT_BACKING_COPY }, { "zeroed", SMALT_BACKING_ZERO },
	{ "padding", SMALT_BACKING_PAD }, { "not Smalt's", SMALT_BACKING_DEVICE },
	{ "shared by instances", SMALT_BACKING_SHARED }, { NULL, 0 },
};

static void draw_backings(FILE *out, const struct picture *picture, int y)
{
	struct legend at = begin(out, y, "BACKING");
	uint32_t seen = 0;

	for (uint32_t i = 0; i < picture->join_count; i++)
		seen |= 1u << picture->boot->space.extents[picture->joins[i].extent].backing;
	for (const struct word *word = backings; word->text; word++) {
		if (!(seen >> word->value & 1))
			continue;
		svg_bar(out, (struct svg_box){ at.x, y - 9, SVG_BAR, 10 }, SMALT_R | SMALT_X, word->value);
		at.x += SVG_BAR + 6;
		put_word(&at, word->text);
	}
}

/* --- leaves, and what is not mapped --- */

static bool has_gap(const struct side *side)
{
	for (uint32_t i = 0; i < side->count; i++)
		if (side->bands[i].kind == BAND_GUARD || side->bands[i].kind == BAND_GAP ||
		    side->bands[i].kind == BAND_HOLE)
			return true;
	return false;
}

/* Sizes of which there is a tile. */
static uint32_t leaves_seen(const struct boot *boot)
{
	const struct format *format = boot->space.format;
	uint32_t seen = 0;

	for (unsigned i = 0; i < format->leaf_count; i++) {
		for (uint32_t row = 0; row < boot->space.row_count; row++)
			seen |= (uint32_t)(boot->space.rows[row].leaf_count[i] != 0) << i;
		seen |= (uint32_t)(boot->leaves.direct[format->leaves[i].shift] != 0) << i;
	}
	return seen;
}

static void draw_mark(struct legend *at, const char *text)
{
	fprintf(at->out, "<path class=\"guard\" d=\"M%d %dH%d\"/>\n", at->x, at->y - 4, at->x + SVG_BAR);
	at->x += SVG_BAR + 6;
	put_word(at, text);
}

static void draw_pages(FILE *out, const struct picture *picture, int y)
{
	const struct format *format = picture->boot->space.format;
	uint32_t seen = leaves_seen(picture->boot);
	struct legend at = begin(out, y, seen ? "LEAVES" : "PAGES");
	char size[PLAN_BYTES_TEXT];

	for (unsigned i = 0; i < format->leaf_count; i++) {
		if (!(seen >> i & 1))
			continue;
		at.x += svg_tile(out, at.x, y - 8, format, i) + 6;
		plan_bytes(leaf_bytes(format, i), size);
		put_word(&at, size);
	}
	if (has_gap(&picture->left))
		draw_mark(&at, "guard page or gap");
	else if (has_gap(&picture->right))
		draw_mark(&at, "no memory");
	if (picture->boot->direct_map_bytes == 0)
		return;
	svg_rect(out, (struct svg_box){ at.x, y - 9, 3, 10 }, "dm");
	at.x += 9;
	put_word(&at, "in the direct map");
}

int svg_legend(FILE *out, const struct picture *picture, int y)
{
	static void (*const lines[])(FILE *, const struct picture *, int) = {
		draw_rights, draw_backings, draw_pages,
	};
	bool pages = leaves_seen(picture->boot) || has_gap(&picture->left) || has_gap(&picture->right);

	for (unsigned i = 0; i < (pages ? 3 : 2); i++, y += LINE)
		if (out)
			lines[i](out, picture, y);
	return y;
}

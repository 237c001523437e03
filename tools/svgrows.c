/* SPDX-License-Identifier: BSD-2-Clause */
/* svgrows.c: the left side: rows with rights and leaves, guards and gaps between them. */
#include "svgplan.h"

#include <inttypes.h>
#include <string.h>

#define RIGHTS_X 250             /* where a row has one line */
#define TILE_HEIGHT 8
#define TILES_MOST 5             /* of one size before they are counted */

void svg_row_name(const struct boot *boot, const struct smalt_row *row, int most, char text[SVG_NAME_TEXT])
{
	struct span name = row->object == SMALT_NONE ? span_of(words_text(plan_kinds, row->kind))
	                                             : boot->objects[row->object].object.name;
	char part[12] = "";
	int room = most;

	if (row->object != SMALT_NONE && row->segment != SMALT_NONE)
		room -= snprintf(part, sizeof(part), ":%" PRIu32, row->segment);
	if (name.bytes <= (uint64_t)room)
		snprintf(text, SVG_NAME_TEXT, "%.*s%s", (int)name.bytes, (const char *)name.base, part);
	else
		snprintf(text, SVG_NAME_TEXT, "%.*s..%s", room - 2, (const char *)name.base, part);
}

int svg_tile(FILE *out, int x, int y, const struct format *format, unsigned index)
{
	int width = 5 + format->leaves[index].shift - format->leaves[0].shift;
	char class[8];

	snprintf(class, sizeof(class), "tile t%u", index < 3 ? index : 3);
	svg_rect(out, (struct svg_box){ x, y, width, TILE_HEIGHT }, class);
	return width;
}

/* Few leaves one by one, of many the first and how many; returns where they end. */
static int draw_leaves(FILE *out, const struct format *format, const uint64_t count[MACHINE_LEAVES], int x, int y)
{
	char text[24];

	for (unsigned i = 0; i < format->leaf_count; i++) {
		bool many = count[i] > TILES_MOST;

		for (uint64_t n = 0; n < (many ? 1 : count[i]); n++)
			x += svg_tile(out, x, y, format, i) + 2;
		if (!many)
			continue;
		snprintf(text, sizeof(text), "x%" PRIu64, count[i]);
		svg_text(out, x + 1, y + TILE_HEIGHT, "small dim", "%s", text);
		x += 8 + 7 * (int)strlen(text);
	}
	return x;
}

static void describe(const struct boot *boot, const struct smalt_row *row, char *text, size_t bytes)
{
	char name[SVG_NAME_TEXT], rights[RIGHTS_BYTES], leaves[PLAN_LEAVES_TEXT];
	uint64_t count[MACHINE_LEAVES];

	svg_row_name(boot, row, SVG_NAME_TEXT - 1, name);
	words_rights(row->prot, rights);
	plan_row_leaves(row, count);
	plan_leaves_text(boot->space.format, count, leaves);
	snprintf(text, bytes, "%s: va 0x%" PRIx64 ", 0x%" PRIx64 " bytes, %s, leaves %s, why not larger: %s", name,
	         row->va, row->mem_bytes, rights, leaves[0] ? leaves : "none",
	         row->why == SMALT_WHY_NOTHING ? "-" : words_text(plan_why, row->why));
}

/* Why no larger leaf, in as many words as there is room for. */
static void draw_why(FILE *out, const char *why, int x, int y)
{
	int room = SVG_ROW_BAR - 8 - x, width = 6 * (int)strlen(why);

	if (width <= room)
		svg_text(out, x, y, "small dim", "%s%s", width + 66 <= room ? "not larger: " : "", why);
}

/* One line of text for a row, or two where there is room. */
static void draw_words(FILE *out, const struct picture *picture, const struct band *band,
                       const struct smalt_row *row)
{
	const struct boot *boot = picture->boot;
	bool one = picture->simple || row->object == SMALT_NONE;
	int y = band->y + band->height / 2 + (one ? 3 : -3), x = one ? RIGHTS_X : SVG_NAME, end;
	char name[SVG_NAME_TEXT], rights[RIGHTS_BYTES], class[16], size[SVG_SIZE];
	uint64_t count[MACHINE_LEAVES];

	svg_text(out, SVG_LEFT, y, "mono dim", "0x%" PRIx64, band->at);
	svg_row_name(boot, row, one ? 13 : 30, name);
	svg_text(out, SVG_NAME, y, row->object == SMALT_NONE ? "" : "name", "%s", name);
	svg_size(row->mem_bytes, size);
	svg_text(out, SVG_ROW_BAR - 8, y, "small end", "%s", size);
	y += one ? 0 : 15;
	words_rights(row->prot, rights);
	snprintf(class, sizeof(class), "mono %s", svg_rights(row->prot));
	svg_text(out, x, y, class, "%s", rights);
	plan_row_leaves(row, count);
	end = draw_leaves(out, boot->space.format, count, x + 34, y - TILE_HEIGHT);
	if (!one && row->why != SMALT_WHY_NOTHING)
		draw_why(out, words_text(plan_why, row->why), end + 6, y);
}

/* The bar shows each extent's backing; a row without memory is empty. */
static void draw_bar(FILE *out, const struct picture *picture, uint32_t index, const struct smalt_row *row)
{
	const struct band *band = &picture->left.bands[index];
	bool any = false;

	for (uint32_t i = 0; i < picture->join_count; i++) {
		const struct join *join = &picture->joins[i];

		if (join->row != index)
			continue;
		svg_bar(out, (struct svg_box){ SVG_ROW_BAR, join->y + 1, SVG_BAR, join->height },
		        row->prot, picture->boot->space.extents[join->extent].backing);
		any = true;
	}
	if (!any)
		svg_bar(out, (struct svg_box){ SVG_ROW_BAR, band->y + 1, SVG_BAR, band->height - 2 }, 0,
		        SMALT_BACKING_ZERO);
}

static void draw_row(FILE *out, const struct picture *picture, uint32_t index)
{
	const struct band *band = &picture->left.bands[index];
	const struct smalt_row *row = &picture->boot->space.rows[band->index];
	char text[512];

	describe(picture->boot, row, text, sizeof(text));
	svg_group(out, "row", band->index, text);
	draw_bar(out, picture, index, row);
	draw_words(out, picture, band, row);
	svg_close(out);
}

static void draw_direct_map(FILE *out, const struct picture *picture, const struct band *band)
{
	const struct format *format = picture->boot->space.format;
	uint64_t count[MACHINE_LEAVES] = { 0 };
	int y = band->y + band->height / 2 - 3;
	char size[SVG_SIZE];

	for (unsigned i = 0; i < format->leaf_count; i++)
		count[i] = picture->boot->leaves.direct[format->leaves[i].shift];
	svg_size(band->bytes, size);
	svg_rect(out, (struct svg_box){ SVG_ROW_BAR, band->y + 1, SVG_BAR, band->height - 2 }, "dm");
	svg_text(out, SVG_LEFT, y, "mono dim", "0x%" PRIx64, band->at);
	svg_text(out, SVG_NAME, y, "", "direct map");
	svg_text(out, SVG_ROW_BAR - 8, y, "small end", "%s", size);
	draw_leaves(out, format, count, SVG_NAME, y + 15 - TILE_HEIGHT);
}

/* What is not mapped: a dotted line where the bar would be. */
static void draw_gap(FILE *out, const struct band *band)
{
	int x = SVG_ROW_BAR + SVG_BAR / 2;
	char size[SVG_SIZE];

	fprintf(out, "<path class=\"guard\" d=\"M%d %dV%d\"/>\n", x, band->y, band->y + band->height);
	svg_size(band->bytes, size);
	if (band->kind == BAND_GAP)
		svg_text(out, SVG_ROW_BAR - 8, band->y + band->height / 2 + 4, "small dim end", "%s not mapped", size);
}

static void draw_left_out(FILE *out, const struct band *band)
{
	char size[SVG_SIZE];
	int y = band->y + band->height / 2 + 4;

	svg_size(band->bytes, size);
	svg_rect(out, (struct svg_box){ SVG_ROW_BAR, band->y + 1, SVG_BAR, band->height - 2 }, "no empty");
	svg_text(out, SVG_NAME, y, "dim", "%" PRIu32 " rows more", band->count);
	svg_text(out, SVG_ROW_BAR - 8, y, "small dim end", "%s", size);
}

void svg_rows(FILE *out, const struct picture *picture)
{
	for (uint32_t i = 0; i < picture->left.count; i++) {
		const struct band *band = &picture->left.bands[i];

		switch (band->kind) {
		case BAND_ROW:        draw_row(out, picture, i); break;
		case BAND_DIRECT_MAP: draw_direct_map(out, picture, band); break;
		case BAND_ROWS:       draw_left_out(out, band); break;
		default:              draw_gap(out, band); break;
		}
	}
}

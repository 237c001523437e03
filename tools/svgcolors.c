/* SPDX-License-Identifier: BSD-2-Clause */
/* svgcolors.c: cache colors as tiles of glass, and how many frames of each are used. */
#include "svgplan.h"

#include <inttypes.h>

#define STRIP 96                 /* pixels of a piece's tiles */
#define CHART 34                 /* of the highest column */
#define CHART_X 132
#define MASK 14                  /* from one class to the next */

/* Between these, from teal over the blue that Smalt is to amber, colors are mixed. */
static const uint8_t anchors[][3] = {
	{ 0x1f, 0xa8, 0x9c }, { 0x2b, 0x9f, 0xd6 }, { 0x2a, 0x62, 0xc4 }, { 0x4f, 0x49, 0xb3 },
	{ 0x86, 0x4d, 0xb8 }, { 0xc0, 0x4c, 0x98 }, { 0xdd, 0x5f, 0x6c }, { 0xe6, 0xa0, 0x46 },
};
#define ANCHORS ((uint32_t)(sizeof(anchors) / sizeof(anchors[0])))

static uint32_t mix(uint32_t color, uint32_t count)
{
	uint32_t at = color * (ANCHORS - 1), step = count - 1, rgb = 0;
	uint32_t from = at / step, part = at % step;

	for (unsigned i = 0; i < 3; i++) {
		uint32_t low = anchors[from][i], high = anchors[from + (part > 0)][i];

		rgb = rgb << 8 | (low * (step - part) + high * part) / step;
	}
	return rgb;
}

/* Widths in tenths of a pixel. */
static void put_tile(FILE *out, int x, struct svg_box box, uint32_t rgb)
{
	fprintf(out, "<rect x=\"%d.%d\" y=\"%d\" width=\"%d.%d\" height=\"%d\" fill=\"#%06" PRIx32 "\"/>\n", x / 10,
	        x % 10, box.y, box.width / 10, box.width % 10, box.height, rgb);
}

void svg_color_tiles(FILE *out, const struct plan_colors *colors, const struct band *band, int x, int y)
{
	uint32_t first = plan_color(colors, band->at);
	uint32_t tiles = (uint32_t)min_u64(band->bytes >> colors->shift, colors->count);
	int width = (int)min_u64(80, STRIP * 10 / (tiles + (tiles == 0)));

	for (uint32_t i = 0; colors->count > 1 && i < tiles; i++)
		put_tile(out, x * 10 - STRIP * 10 + (int)i * width,
		         (struct svg_box){ .y = y, .width = width > 20 ? width - 10 : width, .height = 8 },
		         mix((first + i) & (colors->count - 1), colors->count));
}

static void draw_columns(FILE *out, const struct plan_colors *colors, int y, int width)
{
	uint64_t least, most;

	plan_colors_used(colors, &least, &most);
	for (uint32_t i = 0; i < colors->count; i++) {
		uint64_t used = colors->frames[i].used;
		int height = 2 + (int)(most ? used * (CHART - 2) / most : 0), x = CHART_X + (int)i * width;

		put_tile(out, x * 10, (struct svg_box){ .y = y + CHART - height, .width = (width - 2) * 10,
		         .height = height }, mix(i, colors->count));
		if (width >= 22)
			svg_text(out, x + (width - 2) / 2, y + CHART + 13, "small dim mid", "%" PRIu64, used);
	}
}

/* Which colors are whose, where that is said: a class a line. */
static int draw_masks(FILE *out, const struct plan_colors *colors, int y, int width)
{
	const struct { const char *name; uint64_t mask; } classes[] = {
		{ "kernel", colors->record.kernel_mask }, { "modules", colors->record.module_mask },
		{ "tables", colors->record.tables_mask }, { "free", colors->record.free_mask },
	};

	for (unsigned c = 0; colors->partition && c < sizeof(classes) / sizeof(classes[0]); c++, y += MASK) {
		if (!out)
			continue;
		svg_text(out, CHART_X - 10, y + 8, "small dim end", "%s", classes[c].name);
		for (uint32_t i = 0; i < colors->count; i++)
			if (classes[c].mask >> i & 1)
				put_tile(out, (CHART_X + (int)i * width) * 10, (struct svg_box){
					.y = y + 2, .width = (width - 2) * 10, .height = 5 }, mix(i, colors->count));
	}
	return y;
}

static void describe(FILE *out, const struct plan_colors *colors, int y)
{
	const struct smalt_cache *cache = &colors->record.cache;
	char size[PLAN_BYTES_TEXT];

	plan_bytes(cache->bytes, size);
	svg_text(out, SVG_LEFT, y, "h2 dim", "COLORS");
	svg_text(out, SVG_RIGHT, y - 14, "small dim end", "frames in use, by color of a cache of");
	svg_text(out, SVG_RIGHT, y, "small dim end", "%s, %" PRIu32 " ways, told by %s", size, cache->ways,
	         colors->source);
}

int svg_colors(FILE *out, const struct picture *picture, int y)
{
	const struct plan_colors *colors = &picture->colors;
	int width = colors->count <= 16 ? 30 : 480 / (int)colors->count;

	if (colors->count < 2 || !colors->frames)
		return y;
	if (out) {
		describe(out, colors, y + CHART);
		draw_columns(out, colors, y, width);
	}
	return draw_masks(out, colors, y + CHART + 20, width) + 14;
}

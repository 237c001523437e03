/* SPDX-License-Identifier: BSD-2-Clause */
/* svgframes.c: the right side: frames with their backing, and the memory around them. */
#include "svgplan.h"

#include <inttypes.h>

#define WORDS_X 686

/* To whom memory belongs when the kernel is entered: the rest is the firmware's. */
static const char *owner(uint32_t type)
{
	switch (type) {
	case SMALT_MEM_USABLE:
	case SMALT_MEM_RECLAIMABLE:
		return "free";
	case SMALT_MEM_OBJECT:
	case SMALT_MEM_TABLES:
	case SMALT_MEM_RESIDENT:
		return "ours";
	default:
		return "kept";
	}
}

static struct svg_box bar_of(const struct band *band)
{
	return (struct svg_box){ SVG_FRAME_BAR, band->y + 1, SVG_BAR, band->height - 2 };
}

static void put_words(FILE *out, const struct band *band, const char *class, const char *what)
{
	int y = band->y + band->height / 2 + 4;
	char size[SVG_SIZE];

	svg_size(band->bytes, size);
	svg_text(out, SVG_PA, y, "mono dim", "0x%" PRIx64, band->at);
	svg_text(out, WORDS_X, y, class, "%s %s", size, what);
}

static void draw_frames(FILE *out, const struct picture *picture, const struct band *band)
{
	const struct smalt_extent *extent = &picture->boot->space.extents[band->index];
	char what[64];

	svg_bar(out, bar_of(band), extent->prot, extent->backing);
	snprintf(what, sizeof(what), "%s", words_text(plan_backings, extent->backing));
	if (band->count > 1)
		snprintf(what, sizeof(what), "of %" PRIu32 " extents", band->count);
	put_words(out, band, "small", what);
	if (extent->backing != SMALT_BACKING_DEVICE)
		svg_color_tiles(out, &picture->colors, band, SVG_RIGHT, band->y + band->height / 2 - 4);
}

/* The direct map is a line beside the memory that is in it. */
static bool in_direct_map(const struct boot *boot, uint64_t pa)
{
	for (uint32_t i = 0; boot->direct_map_bytes != 0 && i < boot->map_count; i++)
		if (boot->maps[i].va - boot->direct_map_va <= pa &&
		    pa - (boot->maps[i].va - boot->direct_map_va) < boot->maps[i].bytes)
			return boot->maps[i].pa == boot->maps[i].va - boot->direct_map_va;
	return false;
}

static void draw_memory(FILE *out, const struct band *band)
{
	char class[16];

	snprintf(class, sizeof(class), "%s", owner(band->index));
	svg_rect(out, bar_of(band), class);
	put_words(out, band, "small dim", memmap_type_name(band->index));
}

static void draw_hole(FILE *out, const struct band *band)
{
	int x = SVG_FRAME_BAR + SVG_BAR / 2;

	fprintf(out, "<path class=\"guard\" d=\"M%d %dV%d\"/>\n", x, band->y, band->y + band->height);
}

static void draw_ranges(FILE *out, const struct band *band)
{
	char what[32];

	svg_rect(out, bar_of(band), "no empty");
	snprintf(what, sizeof(what), "in %" PRIu32 " ranges", band->count);
	put_words(out, band, "small dim", what);
}

void svg_frames(FILE *out, const struct picture *picture)
{
	for (uint32_t i = 0; i < picture->right.count; i++) {
		const struct band *band = &picture->right.bands[i];

		switch (band->kind) {
		case BAND_FRAMES: draw_frames(out, picture, band); break;
		case BAND_MEMORY: draw_memory(out, band); break;
		case BAND_HOLE:   draw_hole(out, band); break;
		default:          draw_ranges(out, band); break;
		}
		if (band->kind != BAND_HOLE && in_direct_map(picture->boot, band->at))
			svg_rect(out, (struct svg_box){ SVG_FRAME_BAR + SVG_BAR + 3, band->y, 3, band->height }, "dm");
	}
}

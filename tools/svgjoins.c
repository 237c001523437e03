/* SPDX-License-Identifier: BSD-2-Clause */
/* svgjoins.c: bars, and the ribbons that join a row to its frames: color says rights, texture backing. */
#include "svgplan.h"

#include <inttypes.h>

const char *svg_rights(uint32_t prot)
{
	static const char *const classes[] = { "no", "rx", "rw", "wx", "ro", "rx", "rw", "wx" };

	_Static_assert(SMALT_R == 4 && SMALT_W == 2 && SMALT_X == 1, "index");
	return classes[prot & 7];
}

static const struct word textures[] = {
	{ "copy", SMALT_BACKING_COPY }, { "pad", SMALT_BACKING_PAD }, { "device", SMALT_BACKING_DEVICE },
	{ "shared", SMALT_BACKING_SHARED }, { NULL, 0 },
};

void svg_bar(FILE *out, struct svg_box box, uint32_t prot, uint32_t backing)
{
	const char *texture = words_text(textures, backing);
	char class[16];

	snprintf(class, sizeof(class), "%s%s", svg_rights(prot), backing == SMALT_BACKING_ZERO ? " empty" : "");
	svg_rect(out, box, class);
	if (texture)
		svg_rect(out, box, texture);
}

static void draw(FILE *out, const struct picture *picture, const struct join *join)
{
	const struct smalt_extent *extent = &picture->boot->space.extents[join->extent];
	const struct band *frames = &picture->right.bands[join->frames];
	int x1 = SVG_ROW_BAR + SVG_BAR + 1, x2 = SVG_FRAME_BAR - 1, middle = (x1 + x2) / 2;
	int top = join->y + 1, bottom = top + join->height, to = frames->y + 1, end = frames->y + frames->height - 1;
	char text[160];

	snprintf(text, sizeof(text), "va 0x%" PRIx64 ", pa 0x%" PRIx64 ", 0x%" PRIx64 " bytes, %s", extent->va,
	         extent->pa, extent->bytes, words_text(plan_backings, extent->backing));
	svg_group(out, "extent", join->extent, text);
	fprintf(out, "<path class=\"join %s\" d=\"M%d %dC%d %d %d %d %d %dV%dC%d %d %d %d %d %dZ\"/>\n",
	        svg_rights(extent->prot), x1, top, middle, top, middle, to, x2, to, end, middle, end, middle, bottom,
	        x1, bottom);
	svg_close(out);
}

void svg_joins(FILE *out, const struct picture *picture)
{
	for (uint32_t i = 0; i < picture->join_count; i++)
		draw(out, picture, &picture->joins[i]);
}

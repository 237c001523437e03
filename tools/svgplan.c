/* SPDX-License-Identifier: BSD-2-Clause */
/* svgplan.c: a plan as a picture: the rows, their frames, and what joins them. */
#include "svgplan.h"

#include <stdlib.h>

#include "outfile.h"
#include "say.h"

#define TOP 160                  /* of both sides */

static void draw(FILE *out, const struct session *session, const struct picture *picture)
{
	int legend = picture->bottom + 40, colors = svg_legend(NULL, picture, legend) + 8;
	int height = svg_colors(NULL, picture, colors) + 2;

	svg_begin(out, SVG_WIDTH, height, "Where every byte of a boot goes: rows of virtual addresses and their memory");
	svg_head(out, session, picture);
	svg_joins(out, picture);
	svg_rows(out, picture);
	svg_frames(out, picture);
	svg_legend(out, picture, legend);
	svg_colors(out, picture, colors);
	svg_end(out);
}

bool plan_svg(const struct session *session, const char *path)
{
	struct picture *picture = picture_make(&session->boot, TOP);
	struct outfile out;
	bool written;

	if (!picture) {
		say_fault(&(struct fault){ .status = ST_NO_MEMORY, .field = "picture" });
		return false;
	}
	written = outfile_open(&out, path);
	if (written) {
		draw(out.stream, session, picture);
		written = outfile_close(&out, true);
	}
	free(picture);
	return written;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* svghead.c: what the picture is of, and the plan's sums. */
#include "svgplan.h"

#include <inttypes.h>

/* A sum: what it is above, in small letters, and its number. */
static void put_sum(FILE *out, int x, const char *what, const char *number)
{
	svg_text(out, x, 78, "h2 dim", "%s", what);
	svg_text(out, x, 95, span_of(number).bytes > 40 ? "small" : "", "%s", number);
}

static void draw_title(FILE *out, const struct session *session)
{
	const struct boot *boot = &session->boot;
	struct span name = boot->objects[0].object.name;
	uint32_t modules = boot->object_count - 1;
	char more[32] = "";

	if (modules > 0)
		snprintf(more, sizeof(more), " + %" PRIu32 " module%s", modules, modules > 1 ? "s" : "");
	svg_text(out, SVG_LEFT, 40, "h1", "%.*s%s", (int)min_u64(name.bytes, 40), (const char *)name.base, more);
	svg_text(out, SVG_RIGHT, 40, "dim end", "%s, protocol %s, entry 0x%" PRIx64, session->env.machine->name,
	         plan_protocol(boot), plan_entry(boot));
}

static void draw_pages(FILE *out, const struct boot *boot)
{
	uint64_t count[MACHINE_LEAVES];
	char leaves[PLAN_LEAVES_TEXT], text[64];

	plan_leaves(boot, count);
	plan_leaves_text(boot->space.format, count, leaves);
	put_sum(out, SVG_LEFT, "LEAVES", leaves[0] ? leaves : "none");
	snprintf(text, sizeof(text), "%" PRIu64 " / %" PRIu64, space_lower_bound(&boot->space),
	         space_ideal(&boot->space));
	put_sum(out, 318, "BOUND / IDEAL", text);
	snprintf(text, sizeof(text), "%" PRIu32 " pages", boot->pt.table_count);
	put_sum(out, 434, "PAGE TABLES", text);
}

static void draw_cost(FILE *out, const struct boot *boot, int x)
{
	char copied[SVG_SIZE], zeroed[SVG_SIZE], in_place[SVG_SIZE], text[64];

	svg_size(boot->cost.copied_bytes, copied);
	svg_size(boot->cost.zeroed_bytes, zeroed);
	svg_size(boot->cost.in_place_bytes, in_place);
	snprintf(text, sizeof(text), "%s / %s / %s", copied, zeroed, in_place);
	put_sum(out, x, "COPIED / ZEROED / IN PLACE", text);
}

static void draw_coloring(FILE *out, const struct plan_colors *colors)
{
	char text[48];

	snprintf(text, sizeof(text), "%" PRIu32 ", %s", colors->count, colors->policy);
	put_sum(out, 754, "CACHE COLORS", colors->count > 1 ? text : "off");
}

void svg_head(FILE *out, const struct session *session, const struct picture *picture)
{
	const struct boot *boot = &session->boot;
	int y = picture->top - 16;

	draw_title(out, session);
	if (!boot->protocol) {
		draw_pages(out, boot);
		draw_coloring(out, &picture->colors);
	}
	draw_cost(out, boot, boot->protocol ? SVG_LEFT : 538);
	fprintf(out, "<path class=\"line\" d=\"M%d 114H%d\"/>\n", SVG_LEFT, SVG_RIGHT);
	svg_text(out, SVG_LEFT, y, "h2 dim", "%s", boot->protocol ? "ADDRESSES" : "VIRTUAL ADDRESSES");
	svg_text(out, SVG_PA, y, "h2 dim", "PHYSICAL MEMORY");
}

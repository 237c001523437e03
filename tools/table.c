/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c: a plan as a table for people: one line a row, then the sums.
 *
 * Columns are as wide as their widest entry: the cells are made first, as texts.
 */
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "align.h"

enum { VA, BYTES, RIGHTS, LEAVES, WHY, BACKING, FLAGS, NAME, COLUMNS };

#define CELL_BYTES PLAN_LEAVES_TEXT

struct line {
	char cells[COLUMNS][CELL_BYTES];
};

static const struct line heading = {
	{ "va", "bytes", "rights", "leaves", "why not larger", "backing", "flags", "name" },
};

static void append(char cell[CELL_BYTES], const char *between, const char *text)
{
	size_t used = strlen(cell);

	snprintf(cell + used, CELL_BYTES - used, "%s%s", used ? between : "", text);
}

/* "2M in place, 4K copy": what backs the row's pages, in the order of the words. */
static void put_backing(const struct space *space, const struct smalt_row *row, char cell[CELL_BYTES])
{
	uint64_t page = space->granule, end = align_up(row->va + row->mem_bytes, page);
	uint64_t sums[8] = { 0 }, bytes;
	char size[PLAN_BYTES_TEXT], text[CELL_BYTES];

	for (uint64_t va = align_down(row->va, page); va != end; va += bytes) {
		const struct smalt_extent *extent = space_extent_at(space, va);

		bytes = extent ? min_u64(end - va, extent->va + extent->bytes - va) : end - va;
		if (extent)
			sums[extent->backing] += bytes;
	}
	for (const struct word *word = plan_backings; word->text; word++) {
		if (sums[word->value] == 0)
			continue;
		plan_bytes(sums[word->value], size);
		snprintf(text, sizeof(text), "%s %s", size, word->text);
		append(cell, ", ", text);
	}
}

/* A name may hold what a terminal obeys. */
static void put_name(const struct boot *boot, const struct smalt_row *row, char cell[CELL_BYTES])
{
	struct span name;

	if (row->object == SMALT_NONE) {
		append(cell, "", words_text(plan_kinds, row->kind));
		return;
	}
	name = boot->objects[row->object].object.name;
	snprintf(cell, CELL_BYTES, "%.*s", (int)min_u64(name.bytes, CELL_BYTES / 2), (const char *)name.base);
	for (char *at = cell; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	if (row->segment != SMALT_NONE)
		snprintf(cell + strlen(cell), CELL_BYTES - strlen(cell), ":%u", row->segment);
}

static void put_row(const struct boot *boot, const struct smalt_row *row, struct line *line)
{
	uint32_t flags = row->flags & ~(uint32_t)(SMALT_ROW_IN_PLACE | SMALT_ROW_COPIED);
	uint64_t count[MACHINE_LEAVES];

	memset(line, 0, sizeof(*line));
	snprintf(line->cells[VA], CELL_BYTES, "0x%" PRIx64, row->va);
	snprintf(line->cells[BYTES], CELL_BYTES, "0x%" PRIx64, row->mem_bytes);
	words_rights(row->prot, line->cells[RIGHTS]);
	plan_row_leaves(row, count);
	plan_leaves_text(boot->space.format, count, line->cells[LEAVES]);
	if (row->why != SMALT_WHY_NOTHING)
		append(line->cells[WHY], "", words_text(plan_why, row->why));
	put_backing(&boot->space, row, line->cells[BACKING]);
	for (const char *flag; (flag = plan_flag(&flags)) != NULL;)
		append(line->cells[FLAGS], " ", flag);
	put_name(boot, row, line->cells[NAME]);
	for (unsigned column = 0; column < COLUMNS; column++)
		append(line->cells[column], "", line->cells[column][0] ? "" : "-");
}

static void widen(int widths[COLUMNS], const struct line *line)
{
	for (unsigned column = 0; column < COLUMNS; column++)
		if (widths[column] < (int)strlen(line->cells[column]))
			widths[column] = (int)strlen(line->cells[column]);
}

/* Numbers stand to the right, the last column ends the line. */
static void print_line(const int widths[COLUMNS], const struct line *line, FILE *out)
{
	for (unsigned column = 0; column < NAME; column++)
		fprintf(out, column <= BYTES ? "%*s  " : "%-*s  ", widths[column], line->cells[column]);
	fprintf(out, "%s\n", line->cells[NAME]);
}

static void print_rows(const struct boot *boot, FILE *out)
{
	uint32_t count = boot->space.row_count;
	struct line *lines = calloc(count + 1u, sizeof(*lines));
	int widths[COLUMNS] = { 0 };

	if (!lines)
		return;
	widen(widths, &heading);
	for (uint32_t i = 0; i < count; i++) {
		put_row(boot, &boot->space.rows[i], &lines[i]);
		widen(widths, &lines[i]);
	}
	print_line(widths, &heading, out);
	for (uint32_t i = 0; i < count; i++)
		print_line(widths, &lines[i], out);
	free(lines);
}

static void print_leaves(const struct format *format, const uint64_t count[MACHINE_LEAVES], FILE *out)
{
	char text[PLAN_LEAVES_TEXT];

	plan_leaves_text(format, count, text);
	fputs(text[0] ? text : "none", out);
}

static void print_pages(const struct boot *boot, FILE *out)
{
	uint64_t count[MACHINE_LEAVES], direct[MACHINE_LEAVES] = { 0 };
	const struct format *format = boot->space.format;

	plan_leaves(boot, count);
	for (unsigned i = 0; i < format->leaf_count; i++)
		direct[i] = boot->leaves.direct[format->leaves[i].shift];
	fputs("leaves      ", out);
	print_leaves(format, count, out);
	fprintf(out, "  (lower bound %" PRIu64 ", ideal %" PRIu64 ")\n", space_lower_bound(&boot->space),
	        space_ideal(&boot->space));
	if (boot->direct_map_bytes) {
		fprintf(out, "direct map  0x%" PRIx64 " bytes at 0x%" PRIx64 ": ",
		        boot->direct_map_bytes, boot->direct_map_va);
		print_leaves(format, direct, out);
		fputc('\n', out);
	}
	fprintf(out, "tables      %u pages\n", boot->pt.table_count);
}

/* "16, spread; cache 1M, 16 ways, from cpuid; 3..5 frames of each in use", or "off". */
static void print_colors(const struct boot *boot, FILE *out)
{
	struct plan_colors colors;
	uint64_t least, most;
	char size[PLAN_BYTES_TEXT];

	if (!plan_colors(boot, &colors)) {
		fputs("colors      off\n", out);
		return;
	}
	plan_colors_used(&colors, &least, &most);
	plan_bytes(colors.record.cache.bytes, size);
	fprintf(out, "colors      %u, %s; cache %s, %u ways, from %s; %" PRIu64 "..%" PRIu64 " frames of each in use\n",
	        colors.count, colors.policy, size, colors.record.cache.ways, colors.source, least, most);
	if (colors.record.missed_color || colors.record.missed_mask)
		fprintf(out, "missed      %" PRIu64 " frames of another color, %" PRIu64 " outside their class\n",
		        colors.record.missed_color, colors.record.missed_mask);
}

static void print_cost(const struct boot *boot, FILE *out)
{
	const struct { const char *what; uint64_t bytes; } costs[] = {
		{ "copied", boot->cost.copied_bytes }, { "zeroed", boot->cost.zeroed_bytes },
		{ "in place", boot->cost.in_place_bytes }, { "read", boot->cost.read_bytes },
	};
	const char *between = "";

	fputs("bytes       ", out);
	for (unsigned i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		fprintf(out, "%s0x%" PRIx64 " %s", between, costs[i].bytes, costs[i].what);
		between = ", ";
	}
	fprintf(out, "\nframes      %" PRIu64 "\n", boot->cost.frames);
}

/* What was drawn, and of how many places: nothing where nothing was. */
static void print_draws(const struct boot *boot, FILE *out)
{
	for (uint32_t i = 0; i < boot->object_count; i++) {
		const struct boot_object *o = &boot->objects[i];
		struct span name = o->object.name;

		if (o->placement.va_bits != 0 || o->pa_bits != 0)
			fprintf(out, "random      %u bits of va, %u of pa: %.*s\n", o->placement.va_bits,
			        o->pa_bits, (int)min_u64(name.bytes, CELL_BYTES / 2), (const char *)name.base);
	}
}

void plan_table(const struct session *session, FILE *out)
{
	const struct boot *boot = &session->boot;

	fprintf(out, "%s, protocol %s, entry 0x%" PRIx64 "\n\n", session->env.machine->name,
	        plan_protocol(boot), plan_entry(boot));
	print_rows(boot, out);
	fputc('\n', out);
	if (!boot->protocol) {
		print_pages(boot, out);
		print_colors(boot, out);
	}
	print_draws(boot, out);
	print_cost(boot, out);
}

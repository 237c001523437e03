/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * partition.c: frames of some colors only. Colors of a mask come in runs of neighbors, and so
 * do its frames:
 *
 *     colors     0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 ...
 *     mask         # # # #         # # # #         # # ...
 *     frames       |first|         |second|        |third ...
 *
 * No leaf is larger than an aligned run. Which runs come first does not matter: each color of
 * them gets as many frames as any other.
 */
#include "partition.h"

#include "align.h"

static bool has(const struct colors *colors, uint64_t mask, uint32_t color)
{
	return mask >> (color & (colors->count - 1)) & 1;
}

/* Neighbors from a color on that are all in the mask, which is narrow. */
static uint32_t run_from(const struct colors *colors, uint64_t mask, uint32_t color)
{
	uint32_t run = 0;

	while (has(colors, mask, color + run))
		run++;
	return run;
}

/* May a leaf of so many granules, a power of two, begin at this color? */
static bool holds(const struct colors *colors, uint64_t mask, uint32_t color, uint64_t granules)
{
	return granules <= colors->count && color % granules == 0 &&
	       run_from(colors, mask, color) >= granules;
}

/* The largest leaf that begins at va and has all its colors in the mask. */
static uint64_t leaf_of(const struct stretch *s, uint64_t va, uint64_t bytes)
{
	const struct colors *colors = s->space->colors;
	const struct format *format = s->space->format;

	for (unsigned i = format->leaf_count; i-- > 1; ) {
		uint64_t size = leaf_bytes(format, i), granules = size >> colors->shift;

		if (!(s->space->leaf_mask >> i & 1) || (va & (size - 1)) != 0 || bytes < size)
			continue;
		for (uint32_t color = 0; granules <= colors->count && color < colors->count; color++)
			if (holds(colors, s->color_mask, color, granules))
				return size;
	}
	return s->space->granule;
}

/* Up to where a larger leaf could begin: pieces end there. */
static uint64_t piece_end(const struct stretch *s, uint64_t va, uint64_t bytes)
{
	const struct format *format = s->space->format;

	for (unsigned i = 1; i < format->leaf_count; i++) {
		uint64_t size = leaf_bytes(format, i), head = -va & (size - 1);

		if ((s->space->leaf_mask >> i & 1) && head != 0 && head < bytes &&
		    leaf_of(s, va + head, bytes - head) >= size)
			return head;
	}
	return bytes;
}

/* A piece of one leaf, or of neighbors; *bytes: at most wanted, then what it has. */
static bool try_color(struct stretch *s, uint32_t color, uint64_t leaf, uint64_t *bytes, uint64_t *pa)
{
	struct colors *colors = s->space->colors;
	uint64_t granule = s->space->granule, way = colors_way(colors);
	uint64_t run = (uint64_t)run_from(colors, s->color_mask, color) * granule;
	uint64_t wanted = leaf > granule ? leaf : min_u64(*bytes, run);

	if (run == 0 || (leaf > granule && !holds(colors, s->color_mask, color, leaf / granule)))
		return false;
	while (!frames_try(s->frames, wanted, way, color * granule, s->type, pa)) {
		if (wanted == granule || leaf > granule)
			return false;
		wanted = granule;
	}
	*bytes = wanted;
	colors->hop = (color + (uint32_t)(wanted / granule)) & (colors->count - 1);
	return true;
}

static bool try_colors(struct stretch *s, uint64_t leaf, uint64_t *bytes, uint64_t *pa)
{
	const struct colors *colors = s->space->colors;
	uint32_t from = colors->hop;

	for (uint32_t i = 0; i < colors->count; i++)
		if (try_color(s, (from + i) & (colors->count - 1), leaf, bytes, pa))
			return true;
	return false;
}

enum status partition_refuse(uint64_t bytes, struct fault *fault)
{
	(void)fault_set(fault, ST_NO_MEMORY, "free bytes of its colors", bytes, 0);
	return fault_hint(fault, "give it more colors, or write partition instead of partition,strict");
}

/* The next piece of [va, va + *bytes). */
static enum status take_piece(struct stretch *s, uint64_t va, uint64_t *bytes, uint64_t *pa,
                              struct fault *fault)
{
	struct colors *colors = s->space->colors;
	uint64_t leaf = leaf_of(s, va, *bytes);

	*bytes = leaf > s->space->granule ? leaf : piece_end(s, va, *bytes);
	if (try_colors(s, leaf, bytes, pa) || try_colors(s, s->space->granule, bytes, pa))
		return ST_OK;
	if (colors->strict)
		return partition_refuse(*bytes, fault);
	*bytes = s->space->granule;
	colors->missed_mask++;
	return frames_take(s->frames, *bytes, *bytes, 0, s->type, pa, fault);
}

enum status partition_take(struct stretch *stretch, struct fault *fault)
{
	uint64_t va = stretch->va, left = stretch->bytes, bytes, pa;
	enum status status = ST_OK;

	for (; status == ST_OK && left > 0; va += bytes, left -= bytes) {
		bytes = left;
		status = take_piece(stretch, va, &bytes, &pa, fault);
		if (status == ST_OK)
			status = stretch_give(stretch, pa, bytes, fault);
	}
	return status;
}

uint64_t partition_span(const struct colors *colors, uint64_t mask, uint64_t granules, uint32_t first)
{
	uint64_t span = 0;

	for (uint64_t found = 0; found < granules; span++)
		found += has(colors, mask, first + (uint32_t)span);
	return span;
}

uint64_t partition_pieces(const struct colors *colors, uint64_t mask, uint64_t granules)
{
	uint64_t shortest = colors->count;

	if (!colors_narrow(colors, mask))
		return 1;
	for (uint32_t color = 0; color < colors->count; color++)
		if (!has(colors, mask, color + colors->count - 1) && has(colors, mask, color))
			shortest = min_u64(shortest, run_from(colors, mask, color));
	/* Leaves of 16 are taken one by one; the first and the last piece are parts of runs */
	return granules / min_u64(shortest, 16) + 2;
}

/* The granules of the mask from pa on, all free. */
static bool take_of_mask(const struct colors *colors, struct frames *frames, uint64_t pa,
                         uint64_t granules)
{
	struct fault ignored;

	for (uint64_t run; granules > 0; pa += run << colors->shift) {
		run = min_u64(run_from(colors, colors->tables_mask, color_of(colors, pa)), granules);
		granules -= run;
		if (run == 0)
			run = 1;
		else if (frames_take_at(frames, pa, run << colors->shift, SMALT_MEM_TABLES, 0, &ignored))
			return false;
	}
	return true;
}

/* Below limit if that can be. */
static bool highest(const struct frames *frames, struct ranges_wish wish, uint64_t limit, uint64_t *pa)
{
	wish.from = limit;
	if (ranges_highest(&frames->free, &wish, pa))
		return true;
	wish.from = UINT64_MAX;
	return ranges_highest(&frames->free, &wish, pa);
}

bool partition_tables(const struct colors *colors, struct frames *frames, uint64_t granules,
                      uint64_t limit, uint64_t *pa, uint64_t *bytes)
{
	struct ranges_wish wish = { .align = colors_way(colors) };

	for (uint32_t color = 0; color < colors->count; color++) {
		if (!has(colors, colors->tables_mask, color))
			continue;
		wish.bytes = partition_span(colors, colors->tables_mask, granules, color) << colors->shift;
		wish.phase = (uint64_t)color << colors->shift;
		if (!highest(frames, wish, limit, pa))
			continue;
		*bytes = wish.bytes;
		return take_of_mask(colors, frames, *pa, granules);
	}
	return false;
}

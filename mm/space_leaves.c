/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space_leaves.c: every row learns which leaves map it, and why they are not larger
 * (requirement P5). Counted by range arithmetic: the work does not grow with the pages.
 */
#include <stddef.h>

#include "align.h"
#include "space.h"

/* The index of the largest leaf of the map that holds a byte of [from, to). */
static unsigned largest_between(const struct space *space, const struct map *map, uint64_t from,
                                uint64_t to)
{
	uint32_t usable = leaf_usable(space->format, space->leaf_mask, map);

	for (unsigned i = space->format->leaf_count; i-- > 1; ) {
		uint64_t head;
		uint64_t covered = leaf_covered(space->format, usable, map, i, &head);

		if (covered != 0 && (usable >> i & 1) && to - map->va > head &&
		    from - map->va < head + covered)
			return i;
	}
	return 0;
}

/* The end of the leaf that holds the byte before va. */
static uint64_t leaf_end(const struct space *space, const struct map *map, uint64_t va)
{
	return align_up(va, leaf_bytes(space->format, largest_between(space, map, va - 1, va)));
}

/*
 * Gives a row the leaves that begin in [from, to) of the map; to is the end of a leaf. What
 * lies before the end of a leaf has the same leaves alone as in the whole map.
 */
static void count_leaves(const struct space *space, const struct map *map, uint64_t from,
                         uint64_t to, struct smalt_row *row)
{
	struct map part = { from, map->pa + (from - map->va), to - from, map->prot, map->memory };
	uint64_t count[MACHINE_LEAVES] = { 0 };

	if (from >= to)
		return;                      /* all its bytes are in leaves of the row before */
	(void)leaf_count(space->format, space->leaf_mask, &part, count);
	for (unsigned i = 0; i < MACHINE_LEAVES; i++)
		row->leaf_count[i] += (uint32_t)min_u64(count[i], UINT32_MAX - row->leaf_count[i]);
}

/* The extents [at, end) are the map: each leaf is given to the row of its first byte. */
static void count_map(struct space *space, const struct map *map, uint32_t at, uint32_t end)
{
	uint64_t from = map->va;

	for (; at < end; at++) {
		struct smalt_extent *extent = &space->extents[at];
		uint64_t to = extent->va + extent->bytes;
		unsigned largest = largest_between(space, map, extent->va, to);

		extent->leaf_shift = space->format->leaves[largest].shift;
		if (at + 1 < end && extent[1].row == extent->row)
			continue;
		to = leaf_end(space, map, to);
		count_leaves(space, map, from, to, &space->rows[extent->row]);
		from = max_u64(from, to);
	}
}

/* Rows from `row` on that lie on pages of the map: also those whose pages are all another's. */
static void note_largest(struct space *space, const struct map *map, uint32_t row)
{
	uint64_t map_end = map->va + map->bytes;

	for (; row < space->row_count; row++) {
		struct smalt_row *r = &space->rows[row];
		uint64_t from = max_u64(space_first_page(space, r), map->va);
		uint64_t to = min_u64(space_end_page(space, r), map_end);
		unsigned shift;

		if (space_first_page(space, r) >= map_end)
			return;
		if (from >= to || r->prot == 0)
			continue;
		shift = space->format->leaves[largest_between(space, map, from, to)].shift;
		if (r->leaf_shift < shift)
			r->leaf_shift = shift;
	}
}

/* Does [from, end) hold a naturally aligned block of this size? */
static bool holds(uint64_t from, uint64_t end, uint64_t block)
{
	return range_fits(-from & (block - 1), block, end - from);
}

/* Its physical memory was there before: the file's own pages, those of another instance, registers. Where a file is read to was chosen. */
static bool is_fixed(const struct space *space, const struct smalt_extent *extent)
{
	uint32_t object = space->rows[extent->row].object;

	if (object != SMALT_NONE && space->read && space->read[object])
		return false;
	return extent->backing == SMALT_BACKING_IN_PLACE || extent->backing == SMALT_BACKING_DEVICE ||
	       extent->backing == SMALT_BACKING_SHARED;
}

/* The index of the first extent that ends behind va. */
static uint32_t first_extent(const struct space *space, uint64_t va)
{
	uint32_t low = 0, high = space->extent_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct smalt_extent *extent = &space->extents[middle];

		if (extent->va + extent->bytes <= va)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Does the row hold such a block whose pages have the same rights (and, if wanted, are all frames)? */
static bool row_holds(const struct space *space, const struct smalt_row *row, uint64_t block,
                      bool frames_only)
{
	uint64_t end = space_end_page(space, row), from = space_first_page(space, row);
	const struct smalt_extent *before = NULL;

	for (uint32_t i = first_extent(space, from); i < space->extent_count; i++) {
		const struct smalt_extent *extent = &space->extents[i];

		if (extent->va >= end)
			break;
		if (frames_only && is_fixed(space, extent))
			continue;
		if (before == NULL || before->prot != extent->prot ||
		    before->va + before->bytes != extent->va)
			from = max_u64(extent->va, space_first_page(space, row));
		if (holds(from, min_u64(extent->va + extent->bytes, end), block))
			return true;
		before = extent;
	}
	return false;
}

/* Were its frames chosen by color, whatever leaves that costs? */
static bool is_colored(const struct space *space, const struct smalt_row *row)
{
	if (!space->colors)
		return false;
	return row->object == SMALT_NONE ? colors_narrow(space->colors, space->colors->own_mask)
	                                 : space->colored && space->colored[row->object];
}

/* The first of SMALT_WHY_* that applies; the sizes that the CPU lacks do not count as larger. */
static uint32_t why_row(const struct space *space, const struct smalt_row *row)
{
	uint64_t from = space_first_page(space, row), end = space_end_page(space, row), larger = 0;

	for (unsigned i = space->format->leaf_count; i-- > 0; )
		if ((space->leaf_mask >> i & 1) && space->format->leaves[i].shift > row->leaf_shift)
			larger = leaf_bytes(space->format, i);
	if (row->leaf_shift == 0 || larger == 0)
		return SMALT_WHY_NOTHING;
	if (end - from < larger)
		return SMALT_WHY_SIZE;
	if (!holds(from, end, larger))
		return SMALT_WHY_ALIGNMENT;
	if (!row_holds(space, row, larger, false))
		return SMALT_WHY_RIGHTS;
	if (!row_holds(space, row, larger, true))
		return SMALT_WHY_IN_PLACE;
	return is_colored(space, row) ? SMALT_WHY_COLOR : SMALT_WHY_FRAGMENTATION;
}

void space_colors(struct space *space)
{
	for (uint32_t i = 0; i < space->extent_count; i++) {
		struct smalt_extent *extent = &space->extents[i];

		if (extent->backing != SMALT_BACKING_DEVICE)
			extent->color = color_of(space->colors, extent->pa);
	}
	for (uint32_t i = 0; i < space->row_count; i++) {
		struct smalt_row *row = &space->rows[i];
		uint64_t va = space_first_page(space, row);
		const struct smalt_extent *extent = row->prot == 0 ? NULL : space_extent_at(space, va);

		if (extent && extent->color != SMALT_NONE)
			row->color = color_of(space->colors, extent->pa + (va - extent->va));
	}
}

void space_leaves(struct space *space)
{
	struct map map;

	for (uint32_t i = 0; i < space->row_count; i++) {
		space->rows[i].leaf_shift = 0;
		for (unsigned size = 0; size < MACHINE_LEAVES; size++)
			space->rows[i].leaf_count[size] = 0;
	}
	for (uint32_t at = 0; at < space->extent_count; ) {
		uint32_t end = space_map_at(space, at, &map);

		count_map(space, &map, at, end);
		note_largest(space, &map, space->extents[at].row);
		at = end;
	}
	for (uint32_t i = 0; i < space->row_count; i++)
		space->rows[i].why = why_row(space, &space->rows[i]);
	if (space->colors)
		space_colors(space);
}

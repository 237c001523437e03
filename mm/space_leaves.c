/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space_leaves.c: extents become pieces for page tables, and every row learns
 * which leaves map it and why they are not larger (requirements P1, P5).
 *
 * A leaf never spans two rows unless they share a page. Everything is counted by
 * range arithmetic: the work does not grow with the pages.
 */
#include <stddef.h>

#include "align.h"
#include "space.h"

/* What a row covers, in whole pages; end is exclusive, rows never reach the last granule. */
static uint64_t first_page(const struct space *space, const struct smalt_row *row)
{
	return align_down(row->va, space->granule);
}

static uint64_t end_page(const struct space *space, const struct smalt_row *row)
{
	return align_up(row->va + row->mem_bytes, space->granule);
}

/* Are both of one row, or of two that share a page? before lies right below behind. */
static bool same_rows(const struct space *space, const struct smalt_extent *before,
                      const struct smalt_extent *behind)
{
	if (before->row == behind->row)
		return true;
	return end_page(space, &space->rows[before->row]) >
	       first_page(space, &space->rows[behind->row]);
}

static bool same_kind(const struct smalt_extent *before, const struct smalt_extent *behind)
{
	return before->prot == behind->prot && before->memory == behind->memory &&
	       before->va + before->bytes == behind->va;
}

static bool joins(const struct space *space, const struct smalt_extent *before,
                  const struct smalt_extent *behind)
{
	return same_kind(before, behind) && before->pa + before->bytes == behind->pa &&
	       same_rows(space, before, behind);
}

/* The extents from `at` on that make one piece; returns the index behind them. */
static uint32_t make_map(const struct space *space, uint32_t at, struct map *map)
{
	const struct smalt_extent *extent = &space->extents[at];

	*map = (struct map){ extent->va, extent->pa, extent->bytes, extent->prot, extent->memory };
	for (at++; at < space->extent_count; at++) {
		if (!joins(space, &space->extents[at - 1], &space->extents[at]))
			break;
		map->bytes += space->extents[at].bytes;
	}
	return at;
}

uint32_t space_maps(const struct space *space, struct map *maps)
{
	uint32_t count = 0;
	struct map map;

	for (uint32_t at = 0; at < space->extent_count; count++) {
		at = make_map(space, at, &map);
		if (maps != NULL)
			maps[count] = map;
	}
	return count;
}

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
		uint64_t from = max_u64(first_page(space, r), map->va);
		uint64_t to = min_u64(end_page(space, r), map_end);
		unsigned shift;

		if (first_page(space, r) >= map_end)
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

/* Its physical memory was there before: the file's own pages, registers. */
static bool is_fixed(const struct smalt_extent *extent)
{
	return extent->backing == SMALT_BACKING_IN_PLACE || extent->backing == SMALT_BACKING_DEVICE;
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
	uint64_t end = end_page(space, row), from = first_page(space, row);
	const struct smalt_extent *before = NULL;

	for (uint32_t i = first_extent(space, from); i < space->extent_count; i++) {
		const struct smalt_extent *extent = &space->extents[i];

		if (extent->va >= end)
			break;
		if (frames_only && is_fixed(extent)) {
			before = NULL;
			continue;
		}
		if (before == NULL || !same_kind(before, extent))
			from = max_u64(extent->va, first_page(space, row));
		if (holds(from, min_u64(extent->va + extent->bytes, end), block))
			return true;
		before = extent;
	}
	return false;
}

/* The first of SMALT_WHY_* that applies; the sizes that the CPU lacks do not count as larger. */
static uint32_t why_row(const struct space *space, const struct smalt_row *row)
{
	uint64_t from = first_page(space, row), end = end_page(space, row), larger = 0;

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
	return row_holds(space, row, larger, true) ? SMALT_WHY_FRAGMENTATION : SMALT_WHY_IN_PLACE;
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
		uint32_t end = make_map(space, at, &map);

		count_map(space, &map, at, end);
		note_largest(space, &map, space->extents[at].row);
		at = end;
	}
	for (uint32_t i = 0; i < space->row_count; i++)
		space->rows[i].why = why_row(space, &space->rows[i]);
}

static uint64_t leaves_of(const struct space *space, const struct map *map)
{
	uint64_t count[MACHINE_LEAVES] = { 0 }, sum = 0;

	(void)leaf_count(space->format, space->leaf_mask, map, count);
	for (unsigned i = 0; i < MACHINE_LEAVES; i++)
		sum += count[i];
	return sum;
}

static bool is_of_object(const struct space *space, const struct smalt_extent *extent)
{
	return space->rows[extent->row].object != SMALT_NONE;
}

uint64_t space_lower_bound(const struct space *space)
{
	uint64_t sum = 0;
	struct map map;

	for (uint32_t at = 0, end; at < space->extent_count; at = end) {
		end = make_map(space, at, &map);
		if (is_of_object(space, &space->extents[at]))
			sum += leaves_of(space, &map);
	}
	return sum;
}

/* No leaf is larger than 1G: va and va | FAR_AWAY are congruent, and the latter is above small_below. */
#define FAR_AWAY (1ull << 40)

uint64_t space_ideal(const struct space *space)
{
	uint64_t sum = 0;

	for (uint32_t at = 0; at < space->extent_count; at++) {
		const struct smalt_extent *first = &space->extents[at];
		struct map map = { first->va, first->va | FAR_AWAY, first->bytes, first->prot,
		                   first->memory };

		/* As make_map(), but wherever the memory is */
		for (; at + 1 < space->extent_count; at++) {
			const struct smalt_extent *behind = &space->extents[at + 1];

			if (!same_kind(&space->extents[at], behind) ||
			    !same_rows(space, &space->extents[at], behind))
				break;
			map.bytes += behind->bytes;
		}
		if (is_of_object(space, first))
			sum += leaves_of(space, &map);
	}
	return sum;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space_maps.c: extents become pieces for page tables, and the fewest leaves that
 * such pieces need (requirements P1).
 *
 * Invariant: a piece, and so a leaf, never spans two rows unless they share a page.
 */
#include <stddef.h>

#include "align.h"
#include "space.h"

/* Are both of one row, or of two that share a page? before lies right below behind. */
static bool same_rows(const struct space *space, const struct smalt_extent *before,
                      const struct smalt_extent *behind)
{
	if (before->row == behind->row)
		return true;
	return space_end_page(space, &space->rows[before->row]) >
	       space_first_page(space, &space->rows[behind->row]);
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

uint32_t space_map_at(const struct space *space, uint32_t at, struct map *map)
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
		at = space_map_at(space, at, &map);
		if (maps != NULL)
			maps[count] = map;
	}
	return count;
}

void space_leaf_sum(const struct space *space, uint64_t count[MACHINE_LEAVES])
{
	for (unsigned i = 0; i < MACHINE_LEAVES; i++)
		count[i] = 0;
	for (uint32_t row = 0; row < space->row_count; row++)
		for (unsigned i = 0; i < MACHINE_LEAVES; i++)
			if (space->rows[row].object != SMALT_NONE)
				count[i] += space->rows[row].leaf_count[i];
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
		end = space_map_at(space, at, &map);
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

		/* As space_map_at(), but wherever the memory is */
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

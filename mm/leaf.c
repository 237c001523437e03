/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leaf.c: which leaves map a piece of memory, in closed form.
 *
 * Invariant: whatever leaves of one size and larger ones map is one piece, and
 * lies inside what the next smaller size maps:
 *
 *     va                                            va + bytes
 *     |--|-------|=======================|-------|--|
 *      4K   64K       2M and larger          64K  4K
 */
#include "leaf.h"

#include "align.h"

uint32_t leaf_usable(const struct format *format, uint32_t leaf_mask, const struct map *map)
{
	uint32_t usable = 1;

	for (unsigned i = 1; i < format->leaf_count; i++) {
		uint64_t size = leaf_bytes(format, i);

		/* Where va and pa differ modulo the size, they are never both aligned to it */
		if ((leaf_mask >> i & 1) && ((map->va ^ map->pa) & (size - 1)) == 0 &&
		    map->bytes >= size)
			usable |= 1u << i;
	}
	return usable;
}

unsigned leaf_at(const struct format *format, uint32_t leaf_mask, uint64_t va, uint64_t pa,
                 uint64_t bytes)
{
	if (pa < format->small_below)
		return 0;
	for (unsigned i = format->leaf_count; --i > 0;)
		if ((leaf_mask >> i & 1) && ((va | pa) & (leaf_bytes(format, i) - 1)) == 0 &&
		    bytes >= leaf_bytes(format, i))
			return i;
	return 0;
}

uint64_t leaf_covered(const struct format *format, uint32_t usable, const struct map *map,
                      unsigned index, uint64_t *head)
{
	uint32_t larger = usable >> index << index;
	uint64_t small, size;

	if (index == 0) {
		*head = 0;
		return map->bytes;
	}
	if (larger == 0)
		return 0;
	small = map->pa < format->small_below ? format->small_below - map->pa : 0;
	size = leaf_bytes(format, (unsigned)__builtin_ctz(larger));
	*head = align_up(map->va + small, size) - map->va;
	return *head < map->bytes ? align_down(map->bytes - *head, size) : 0;
}

unsigned leaf_count(const struct format *format, uint32_t leaf_mask, const struct map *map,
                    uint64_t count[MACHINE_LEAVES])
{
	uint32_t usable = leaf_usable(format, leaf_mask, map);
	uint64_t larger = 0, head;
	unsigned largest = 0;

	for (unsigned i = format->leaf_count; i-- > 0;) {
		uint64_t covered = leaf_covered(format, usable, map, i, &head);

		if (covered != larger && largest == 0)
			largest = i;
		count[i] += (covered - larger) >> format->leaves[i].shift;
		larger = covered;
	}
	return largest;
}

unsigned leaf_largest(const struct format *format, uint32_t leaf_mask, uint64_t va, uint64_t bytes)
{
	for (unsigned i = format->leaf_count; --i > 0;) {
		uint64_t size = leaf_bytes(format, i);

		if ((leaf_mask >> i & 1) && range_fits(-va & (size - 1), size, bytes))
			return i;
	}
	return 0;
}

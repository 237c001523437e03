/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leaf.h: which leaves map a piece of memory. Largest naturally aligned first,
 * which is minimal for a given va and pa (requirements P1).
 */
#ifndef LEAF_H
#define LEAF_H

#include "machine.h"

/* A piece contiguous in va and pa, with one kind of entry: what page tables are built from. */
struct map {
	uint64_t va, pa, bytes;  /* whole granules, bytes > 0 */
	uint32_t prot;           /* SMALT_*, not 0 */
	uint32_t memory;         /* SMALT_CACHE_* */
};

static inline uint64_t leaf_bytes(const struct format *format, unsigned index)
{
	return 1ull << format->leaves[index].shift;
}

/*
 * The leaves of a format that this CPU and this piece may use: bit i for
 * format->leaves[i]; bit 0 is always set. Large leaves never begin below
 * format->small_below.
 */
uint32_t leaf_usable(const struct format *format, uint32_t leaf_mask, const struct map *map);

/* The index of the leaf that maps va, to pa, when `bytes` (at least a page) are left. */
unsigned leaf_at(const struct format *format, uint32_t leaf_mask, uint64_t va, uint64_t pa,
                 uint64_t bytes);

/*
 * The bytes of the map that leaves of this index and larger ones map, in one piece;
 * *head: the bytes before it. 0: none, and *head is unspecified. O(sizes).
 */
uint64_t leaf_covered(const struct format *format, uint32_t usable, const struct map *map,
                      unsigned index, uint64_t *head);

/* Adds to count[] the leaves that map it, by index; returns the largest index used. O(sizes). */
unsigned leaf_count(const struct format *format, uint32_t leaf_mask, const struct map *map,
                    uint64_t count[MACHINE_LEAVES]);

/* The largest index of a leaf that could map part of [va, va + bytes) if pa were free. */
unsigned leaf_largest(const struct format *format, uint32_t leaf_mask, uint64_t va, uint64_t bytes);

#endif

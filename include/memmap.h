/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memmap.h: physical memory as ranges of one type each.
 *
 * Firmware adds ranges in any order; memmap_finish() makes the map sorted,
 * disjoint and merged. Whole pages: usable memory shrinks to them, everything
 * else grows, and where two types meet the one with more reason to be left
 * alone wins (order in memmap.c).
 */
#ifndef MEMMAP_H
#define MEMMAP_H

#include <stdint.h>

#include <smalt/handoff.h>

#include "arena.h"
#include "status.h"

struct memmap {
	struct smalt_memory *ranges;
	uint32_t count;
	uint32_t capacity;
};

MUST_CHECK enum status memmap_init(struct memmap *map, uint32_t capacity, struct arena *arena,
                                   struct fault *fault);

/* Appends a range; bytes == 0 is ignored. ST_TOO_SMALL, ST_OVERFLOW (ends behind 2^64), ST_INVALID (type). */
MUST_CHECK enum status memmap_add(struct memmap *map, uint64_t pa, uint64_t bytes, uint32_t type,
                                  struct fault *fault);

/*
 * Sorts, rounds to granule, resolves overlaps, merges. O(n log n). Needs a capacity of
 * 2 * count (ST_TOO_SMALL, map unchanged) and never leaves more than that. May be called
 * again after further adds: that is how a range is cut out of what is there.
 * ST_OVERFLOW, map undefined, if all 2^64 bytes are of one type.
 */
MUST_CHECK enum status memmap_finish(struct memmap *map, uint64_t granule, struct fault *fault);

/* The type at pa in a finished map, 0 where nothing is known. O(log n). */
uint32_t memmap_type(const struct memmap *map, uint64_t pa);

/* Bytes of one type. */
uint64_t memmap_bytes(const struct memmap *map, uint32_t type);

/* "usable", "smalt-resident", ...: the words of H3. NULL, and 0, for what is none. */
const char *memmap_type_name(uint32_t type);
uint32_t memmap_type_by_name(struct span name);

/* Is memory of this type in a kernel's direct map (P6)? */
bool memmap_is_shown(uint32_t type);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tiny_space.h: an address space so small that a test can look at every page.
 */
#ifndef TINY_SPACE_H
#define TINY_SPACE_H

#include "scratch.h"
#include "space.h"

enum { PAGE = 4096, LOW = 32, HIGH = 16, PAGES = LOW + HIGH };

/* A machine of 48 pages, with leaves of 1, 4 and 16 pages. */
static const struct format tiny_format = {
	.granule_shift = 12, .index_bits = 9, .levels = 4, .leaf_count = 3,
	.leaves = { { .shift = 12 }, { .shift = 14 }, { .shift = 16 } },
	.range_count = 2,
	.ranges = { { 0, LOW * PAGE - 1, 0 }, { -(uint64_t)HIGH * PAGE, UINT64_MAX, 0 } },
};
static const struct machine tiny_machine = {
	.name = "tiny", .root_count = 1, .format = &tiny_format,
};

static inline struct space space_of(struct arena *arena, uint32_t rows, uint32_t extents)
{
	struct space space;
	struct fault fault;

	assert_int_equal(space_init(&space, paging_of(&tiny_machine, 7), rows, extents, arena, &fault), ST_OK);
	return space;
}

static inline uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reach.h: physical memory that can be read now: what firmware tables point to
 * is only looked at through it.
 */
#ifndef REACH_H
#define REACH_H

#include "align.h"
#include "span.h"

struct reach {
	uint64_t window;         /* pointer = pa + window */
	uint64_t limit;          /* physical addresses below it can be read */
};

/* The bytes at pa; false, and *span unchanged, if they are not all below the limit or pa is 0. */
static inline bool reach_span(struct reach reach, uint64_t pa, uint64_t bytes, struct span *span)
{
	if (pa == 0 || !range_fits(pa, bytes, reach.limit))
		return false;
	*span = (struct span){ (const uint8_t *)(uintptr_t)(pa + reach.window), bytes };
	return true;
}

#endif

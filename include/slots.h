/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slots.h: the places that something could have in free addresses, counted and found by number.
 */
#ifndef SLOTS_H
#define SLOTS_H

#include "ranges.h"

/* Where bytes could begin: the addresses in [first, last - (bytes - 1)] that are phase modulo align. */
struct slots {
	uint64_t first, last;
	uint64_t bytes;          /* not 0 */
	uint64_t align, phase;   /* a power of two; phase < align */
};

#define SLOTS_COUNT UINT64_MAX       /* as index: only the number is wanted */

/*
 * How many places there are where all of [first, last] is free; the address of the one of this
 * index, counted from 0 and ascending, if there is one.
 */
uint64_t slots_all(const struct slots *slots, uint64_t index, uint64_t *address);

/* The same where only these ranges are free. A step for each that is long enough. */
uint64_t slots_free(const struct slots *slots, const struct ranges *free, uint64_t index,
                    uint64_t *address);

#endif

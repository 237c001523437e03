/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranges.h: disjoint ranges of addresses, found by address and by size in O(log n).
 */
#ifndef RANGES_H
#define RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "status.h"

/* [start, end), never empty, with the ranges around it in the tree. */
struct ranges_node {
	uint64_t start, end;
	uint64_t largest;        /* bytes of the longest range in this part of the tree */
	uint32_t left, right;    /* 0: none */
};

struct ranges {
	struct ranges_node *nodes;       /* by index, as they were made; [0] is no range */
	uint32_t root;                   /* 0: there is none */
	uint32_t made, capacity;         /* nodes, [0] included */
	uint32_t gone;                   /* the first of those that are no range any more, a list by left; 0: none */
	uint64_t bytes;                  /* of all ranges */
};

/* Bytes at an address == phase modulo align (a power of two), not below from. */
struct ranges_wish {
	uint64_t from, bytes, align, phase;
};

/* None, with room for so many. ST_NO_MEMORY with what as field. */
MUST_CHECK enum status ranges_init(struct ranges *ranges, uint32_t capacity, struct arena *arena,
                                   const char *what, struct fault *fault);

/* Adds [start, end), not empty and disjoint from all others; returns its index: 1, 2, ... if none is ever cut. There is room. */
uint32_t ranges_add(struct ranges *ranges, uint64_t start, uint64_t end);

/* Cuts [start, end) out of all ranges, with room for one more. Returns how many bytes. */
uint64_t ranges_cut(struct ranges *ranges, uint64_t start, uint64_t end);

/* The first range that ends behind address: it holds it, or begins behind it. 0: none. */
uint32_t ranges_behind(const struct ranges *ranges, uint64_t address);

/* Do all of [start, start + bytes), which does not wrap, lie in one range? */
bool ranges_hold(const struct ranges *ranges, uint64_t start, uint64_t bytes);

/* The longest range's bytes; 0: none. */
uint64_t ranges_largest(const struct ranges *ranges);

/*
 * The lowest address that the wish says. O(log n), and one step for each range before it that is
 * long enough but has not the phase.
 */
bool ranges_lowest(const struct ranges *ranges, const struct ranges_wish *wish, uint64_t *address);

/* The highest address that the wish says, but that its bytes end at or below from. */
bool ranges_highest(const struct ranges *ranges, const struct ranges_wish *wish, uint64_t *address);

#endif

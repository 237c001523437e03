/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shape.h: what of an object gets addresses: its segments, or its file as one.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include "place.h"

/* Filled by shape_make(); stays where it is, since segments may point to whole. */
struct shape {
	const struct segment *segments;  /* ascending by va, bytes disjoint */
	uint32_t count;                  /* at least 1 */
	struct segment whole;            /* the file as one segment */
	bool flat;                       /* segments is that */
	bool movable;
	uint64_t padding;                /* at both ends, whole granules */
	uint64_t align;                  /* of the bias: a power of two >= granule */
	uint64_t low;                    /* page of the lowest byte */
	uint64_t bytes;                  /* from it to behind the last page, padding excluded */
};

/* ST_INVALID, ST_NOT_MAPPABLE, ST_NO_MEMORY (padding), ST_NO_ADDRESS (2^64 bytes). */
MUST_CHECK enum status shape_make(struct shape *shape, const struct place_request *request,
                                  uint64_t granule, struct fault *fault);

/* Rows that it needs, padding included. */
uint32_t shape_rows(const struct shape *shape);

/* Whole pages without a gap that one or more segments lie on. */
struct block {
	uint64_t va, bytes;              /* padding included */
};

/*
 * The next block, at the file's addresses; *at is 0 at first and only for this function. False
 * at the end. Between blocks lies at least one granule.
 */
bool shape_block(const struct shape *shape, uint64_t granule, uint32_t *at, struct block *block);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * geometry.h: which bits of a physical address choose the sets of a cache. Frames that agree in
 * these bits, their color, compete for the same sets (requirements C1).
 */
#ifndef GEOMETRY_H
#define GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <smalt/handoff.h>

#define GEOMETRY_LEVELS     4
#define GEOMETRY_COLORS_MOST 64          /* a mask has 64 bits: colors of a larger way are folded */

/* The cache of one level that holds data, as somebody describes it; nothing is checked yet. */
struct cache {
	uint32_t source;         /* SMALT_CACHE_FROM_*; NOBODY: no such cache is known */
	uint32_t ways, line;     /* line: bytes */
	uint64_t sets;
	bool complex;            /* its index is a hash of the address */
};

/* What was chosen. */
struct geometry {
	struct smalt_cache cache;
	uint32_t colors;         /* 1: there are none */
	uint32_t shift;          /* log2 of the granule */
};

/* The bytes of one way, within which colors repeat: colors << shift. */
static inline uint64_t geometry_way(const struct geometry *geometry)
{
	return (uint64_t)geometry->colors << geometry->shift;
}

#endif

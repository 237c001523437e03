/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * align.h: rounding and range arithmetic on 64-bit numbers that nobody vouches for.
 *
 * Alignments are powers of two unless said otherwise.
 */
#ifndef ALIGN_H
#define ALIGN_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t align_down(uint64_t x, uint64_t align)
{
	return x & -align;
}

/* Wraps to 0 if x lies in the last, partial unit: check with align_fits(). */
static inline uint64_t align_up(uint64_t x, uint64_t align)
{
	return (x + align - 1) & -align;
}

static inline bool align_fits(uint64_t x, uint64_t align)
{
	return x <= UINT64_MAX - (align - 1);
}

static inline bool is_power_of_two(uint64_t x)
{
	return x != 0 && (x & (x - 1)) == 0;
}

/* The smallest y >= x with y == phase modulo align. May wrap below x. */
static inline uint64_t align_phase(uint64_t x, uint64_t align, uint64_t phase)
{
	return x + ((phase - x) & (align - 1));
}

/* Does [offset, offset + bytes) lie in [0, limit)? Cannot overflow. */
static inline bool range_fits(uint64_t offset, uint64_t bytes, uint64_t limit)
{
	return offset <= limit && bytes <= limit - offset;
}

/* Does [start, start + bytes) wrap? A range that ends at 2^64 does. */
static inline bool range_wraps(uint64_t start, uint64_t bytes)
{
	return bytes > UINT64_MAX - start;
}

static inline unsigned log2_floor(uint64_t x)
{
	return 63u - (unsigned)__builtin_clzll(x);   /* x != 0 */
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif

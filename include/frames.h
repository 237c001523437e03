/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.h: takes frames of usable memory. What is taken is recorded with its
 * type, so that memory before and after always adds up (requirements H3).
 *
 * A boot gives nothing back: a plan that fails is thrown away as a whole. The library does (frames_give).
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "memmap.h"
#include "random.h"
#include "ranges.h"

#define FRAMES_KNOWN 16

struct frames {
	struct ranges free;      /* usable, above the floor */
	struct ranges later;     /* boot services': likewise; free once the firmware is left */
	struct memmap taken;     /* in order of taking, takes that touch as one */
	uint64_t granule;
	uint64_t floor;          /* nothing below is handed out */
	uint64_t taken_bytes;    /* of memory that was free: claims are not counted */
	struct ranges_wish known[FRAMES_KNOWN];  /* below from nothing fits: what frames_find() learned */
};

/* Numbers that decide where an object's memory is. */
struct frame_draw {
	struct random random;
	uint32_t bits;           /* floor(log2(places)) of the piece that had fewest; UINT32_MAX: there was none */
};

/*
 * The usable memory of map (finished), without what lies below floor and without the
 * first granule, becomes free; the firmware's boot services' likewise later. Room for `takes` takes and claims comes from arena.
 */
MUST_CHECK enum status frames_init(struct frames *frames, const struct memmap *map,
                                   uint64_t granule, uint64_t floor, uint32_t takes,
                                   struct arena *arena, struct fault *fault);

/*
 * The lowest free run of whole granules with pa == phase modulo align (a power
 * of two >= granule; phase a multiple of granule). bytes > 0 is rounded up. ST_NO_MEMORY
 * with bytes and the largest free run, or if `takes` are used up.
 */
MUST_CHECK enum status frames_take(struct frames *frames, uint64_t bytes, uint64_t align,
                                   uint64_t phase, uint32_t type, uint64_t *pa,
                                   struct fault *fault);

/*
 * Where frames_take() would take; nothing is taken. O(log n), and a step for each range that is
 * long enough but has not the phase: once for all wishes of one align and phase that
 * become no smaller.
 */
bool frames_find(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t phase, uint64_t *pa);

/* frames_take() without a fault, to ask first: false, and nothing taken, if there is none. */
bool frames_try(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t phase,
                uint32_t type, uint64_t *pa);

/* The highest free run that the wish says and that ends at or below its from; above that only if there is none. False, and nothing taken: no run. */
bool frames_try_high(struct frames *frames, const struct ranges_wish *wish, uint32_t type,
                     uint64_t *pa);

/* The same without a phase, with a fault. */
MUST_CHECK enum status frames_take_high(struct frames *frames, uint64_t bytes, uint64_t align,
                                        uint64_t limit, uint32_t type, uint64_t *pa,
                                        struct fault *fault);

/*
 * Exactly the granules of these bytes, free or later, for physical placement: all of them, or
 * ST_ADDRESS_IN_USE with the type of the first that map knows and that is not free, ST_NO_MEMORY if
 * map knows nothing there, it lies below the floor or the takes are used up.
 */
MUST_CHECK enum status frames_take_at(struct frames *frames, uint64_t pa, uint64_t bytes,
                                      uint32_t type, const struct memmap *map, struct fault *fault);

/*
 * Memory that was never free (the file's own pages, parts of the loader) changes its type,
 * whole granules of it. ST_NO_MEMORY if the takes are used up. What is free of it, which
 * only a wrong environment causes, is free no longer.
 */
MUST_CHECK enum status frames_claim(struct frames *frames, uint64_t pa, uint64_t bytes,
                                    uint32_t type, struct fault *fault);

/*
 * Gives back whole granules that were taken, in one piece or in several that touch: they are free again. While
 * the takes are used up, what would part a piece in two stays taken.
 */
void frames_give(struct frames *frames, uint64_t pa, uint64_t bytes);

/*
 * The map after everything taken: before with the taken ranges laid over it,
 * sorted, disjoint, merged. O(n log n). What is taken replaces only memory that Smalt
 * may take from (order in memmap.c). ST_TOO_SMALL if the capacity of after is less than
 * 2 * (before->count + taken.count).
 */
MUST_CHECK enum status frames_map(const struct frames *frames, const struct memmap *before,
                                  struct memmap *after, struct fault *fault);

#endif

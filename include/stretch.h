/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stretch.h: frames for extents that follow each other without a gap in va.
 */
#ifndef STRETCH_H
#define STRETCH_H

#include "frames.h"
#include "space.h"

#define STRETCH_NO_PA UINT64_MAX     /* pa of an extent that waits for frames */

/* Extents of space from `next` on, contiguous in va, all with STRETCH_NO_PA. */
struct stretch {
	struct space *space;
	struct frames *frames;
	struct frame_draw *draw; /* NULL: the lowest frames */
	uint64_t color_mask;     /* partition: of these colors */
	uint32_t turn;           /* spread: so many colors above va's */
	uint32_t type;           /* SMALT_MEM_* of the frames */
	uint64_t va, bytes;
	uint32_t next;           /* the extent that comes when `left` is used up */
	uint32_t at;             /* the one that is being filled */
	uint64_t left;           /* bytes of it without memory; 0 at the beginning */
};

/* The longest one among extents [first, end), of which the first waits for frames; *next: what lies behind it. */
struct stretch stretch_of(struct space *space, struct frames *frames, uint32_t first, uint32_t end,
                          uint32_t *next);

/*
 * Takes frames of the type with pa == va modulo the largest leaf that fits: in one
 * piece, drawn from all that there are or the lowest, else, with 0 bits, as many leaves of that
 * size as there are, then of smaller ones, down to single granules: as few leaves as any choice
 * of frames gives. Where pieces do not meet in pa extents are split: the rest stands behind all
 * others, until the space is sorted. ST_NO_MEMORY.
 *
 * With space->colors a piece that has no large leaf has the color of va, turned, as long as there is one; what
 * has not is counted there. Where colors are parted all frames are of color_mask (partition.h).
 */
MUST_CHECK enum status stretch_take(struct stretch *stretch, struct fault *fault);

/* The frames at pa == va: as frames_take_at(). */
MUST_CHECK enum status stretch_take_at(struct stretch *stretch, const struct memmap *map,
                                       struct fault *fault);

/* For who takes frames by himself: gives a piece of them to the extents that come next. */
MUST_CHECK enum status stretch_give(struct stretch *stretch, uint64_t pa, uint64_t bytes,
                                    struct fault *fault);

#endif

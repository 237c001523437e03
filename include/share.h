/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * share.h: an object mapped once more, as another instance of it: frames that nobody writes
 * are those of the first, the others are its own (S3).
 */
#ifndef SHARE_H
#define SHARE_H

#include "frames.h"
#include "space.h"

/* The first instance: what the others are made after. */
struct share {
	uint32_t row, row_count;
	uint32_t extent, extent_count;   /* ascending; the space is not sorted yet */
	uint64_t color_mask;             /* of all of them */
	uint32_t turn;                   /* of who has frames of its own: as placement.turn */
	struct frame_draw *draw;         /* of who has frames of its own; NULL: the lowest */
};

/*
 * Remembers rows [row, row + count) and the extents from `extent` to the last, which extent_object() just
 * made for them. Rows and extents that are there already must keep their places
 * until the last share_object().
 */
struct share share_of(struct space *space, uint32_t row, uint32_t count, uint32_t extent);

/*
 * Extents for rows from `row` on, which are those of `of` at another address. Where no
 * row of a page is written to, by relocation neither, the frames are the same, with SMALT_BACKING_SHARED: they are
 * neither taken nor filled again. Everything else is copied or zeroed in frames of its own,
 * also what the first instance has in place. ST_NO_MEMORY.
 */
MUST_CHECK enum status share_object(struct space *space, const struct share *of, uint32_t row,
                                    struct frames *frames, struct fault *fault);

#endif

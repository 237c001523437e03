/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extent.h: gives rows their physical memory: the file's own pages where that
 * is right, frames otherwise. The only step that allocates.
 */
#ifndef EXTENT_H
#define EXTENT_H

#include "frames.h"
#include "space.h"

#define EXTENT_COPY_LIMIT (4 << 20)      /* P2: bytes that may be copied to save leaves */

/* Pages that were made for one row before: bytes and zeros as the row has them. */
struct extent_own_pages {
	uint64_t pa;             /* of the row's first page; OBJECT_NOWHERE: there are none */
	bool writable;           /* they themselves may become writable memory (S2: NOCOPY) */
};

/* Where the bytes of one object are, and what may be done with them. */
struct extent_source {
	uint64_t bytes_pa;       /* of the object's first byte, OBJECT_NOWHERE: not in memory */
	bool donated;            /* writable rows may use the bytes themselves (S2) */
	bool read;               /* not in memory yet: read into the frames, which then are the file's own */
	bool whole_pages;        /* role raw */
	bool physical;           /* pa == va: the protocol places (M21) */
	uint64_t copy_limit;     /* EXTENT_COPY_LIMIT */
	uint64_t color_mask;     /* partition: the colors that its frames may have */
	uint32_t turn;           /* spread: as placement.turn */
	struct frame_draw *draw; /* pa random: all is copied to frames that are drawn; else NULL */
	const struct extent_own_pages *own;  /* for each of the rows, file_bytes == mem_bytes where there are some; or NULL */
};

/*
 * Extents for rows [first, first + count) of space, all of one object: in place
 * by S11 and P2, else frames with pa == va modulo the largest leaf that fits, per
 * 2M chunk where memory is in pieces, then smaller. map: what is where, for
 * messages. Sets IN_PLACE, COPIED, SHARED_PAGE of the rows. ST_NO_MEMORY, ST_ADDRESS_IN_USE, ST_WX
 * (rows that share a page with rights that add up to W and X).
 */
MUST_CHECK enum status extent_object(struct space *space, uint32_t first, uint32_t count,
                                     const struct extent_source *source, struct frames *frames,
                                     const struct memmap *map, struct fault *fault);

/* May tails be filled up? Not where leaves were given up for colors. */
bool extent_may_pad(const struct space *space, const struct extent_source *source);

/* The flags that an extent gives the rows of its pages, which end before end_row. */
void extent_flags(struct space *space, uint32_t end_row, const struct smalt_extent *extent);

/*
 * Zeroed frames of type, taken high, for one of Smalt's own rows, of the color of va or, where parts of the
 * colors are its own, of these. limit as frames_take_high.
 */
MUST_CHECK enum status extent_own(struct space *space, uint32_t row, uint32_t type, uint64_t limit,
                                  struct frames *frames, struct fault *fault);

/* Memory that is already there (a part of the loader, registers, firmware tables) behind a row. */
MUST_CHECK enum status extent_fixed(struct space *space, uint32_t row, uint64_t pa, uint32_t memory,
                                    struct fault *fault);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * picture.h: a plan laid out as a picture, before anything is drawn.
 *
 *     left: rows and gaps, ascending by va    right: frames and the memory around them, ascending by pa
 *                           joins: which frames are behind which row
 *
 * Heights grow with the logarithm of bytes, so that 4 KiB and 1 GiB are both seen. What is too
 * much for a picture is left out and counted.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "plan.h"

#define PICTURE_ROWS    64       /* rows that are drawn, at most */
#define PICTURE_PIECES  4        /* extents of one row */
#define PICTURE_SIMPLE  24       /* with more rows each gets less room, and half as many extents */
#define PICTURE_JOINS   (PICTURE_ROWS * PICTURE_PIECES / 2)
#define PICTURE_BETWEEN 12       /* ranges of memory between two extents, ... */
#define PICTURE_RIGHT   64       /* ... fewer where more bands than this would stand */

enum band_kind {
	BAND_ROW, BAND_DIRECT_MAP,           /* left */
	BAND_GUARD, BAND_GAP,                /* one page without a mapping, and more of them */
	BAND_ROWS,                           /* count rows that are left out */
	BAND_FRAMES,                         /* right: of extent `index` and, where shared, of others */
	BAND_MEMORY, BAND_HOLE,              /* memory of type `index`; no memory */
	BAND_RANGES,                         /* count ranges that are left out */
};

struct band {
	enum band_kind kind;
	uint32_t index, count;
	uint64_t at, bytes;                  /* va or pa */
	int y, height;                       /* pixels */
};

/* An extent's part of its row's band, and the band of its frames. */
struct join {
	uint32_t extent, row, frames;        /* row, frames: indices of bands */
	int y, height;                       /* at the row */
};

/* One side of the picture. */
#define SIDE_BANDS (PICTURE_JOINS * (PICTURE_BETWEEN + 1) + 16)
struct side {
	struct band bands[SIDE_BANDS];
	uint32_t count;
};

struct picture {
	const struct boot *boot;
	struct plan_colors colors;
	struct side left, right;
	struct join joins[PICTURE_JOINS];
	uint32_t join_count;
	uint32_t extents_left_out;
	bool simple;                         /* one line of text for each row */
	int top, bottom;
};

/* Lays out a plan that succeeded, from y = top on. NULL: no memory; free(3) it. */
struct picture *picture_make(const struct boot *boot, int top);

/* Its steps: joins need the rows, frames need the joins. */
void picture_rows(struct picture *picture);              /* picturerows.c */
void picture_frames(struct picture *picture);            /* pictureframes.c */

/* Appends a band and returns it; the last one again where there is no room. */
struct band *picture_add(struct side *side, struct band band);

/* floor(log2(pages)), at least 0. */
int picture_log(const struct picture *picture, uint64_t bytes);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * piece.h: the bytes that the extents of a space still need, one piece after another:
 * from a row's object, or zeros. Pure: who asks adds them up, or obeys.
 */
#ifndef PIECE_H
#define PIECE_H

#include <stdbool.h>

#include "space.h"

struct piece {
	uint64_t to_pa;
	uint64_t bytes;
	bool zero;               /* else they are the row's bytes from row_offset on */
	bool trap;               /* not quite: whoever runs there shall be stopped */
	uint32_t row;
	uint64_t row_offset;
};

/* Where piece_next() is; starts with .space alone. */
struct piece_cursor {
	const struct space *space;   /* extents sorted */
	uint32_t extent, row;
	uint64_t va;                 /* next byte of the extent; == its va at the start */
	bool in_extent;
};

/*
 * The next piece; false at the end. Each byte of an extent that is copied, zeroed, or read into
 * its frames (space->read) comes once; what is in place, and the handoff, never.
 */
bool piece_next(struct piece_cursor *cursor, struct piece *piece);

#endif

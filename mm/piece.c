/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * piece.c: cuts extents at the ends of their rows' file bytes.
 *
 *     rows       |file bytes A|  |file bytes B|
 *     pieces     |     A      |0 |     B      |0    |
 *     extents    |         copy               |zero |
 */
#include "piece.h"

#include <stddef.h>

#include "align.h"

/* Are the pages of this extent read in place? */
static bool is_read_in_place(const struct space *space, const struct smalt_extent *extent)
{
	uint32_t object = space->rows[extent->row].object;

	return extent->backing == SMALT_BACKING_IN_PLACE && object != SMALT_NONE &&
	       space->read != NULL && space->read[object];
}

static bool is_filled(const struct space *space, const struct smalt_extent *extent)
{
	if (space->rows[extent->row].kind == SMALT_KIND_HANDOFF)
		return false;        /* written as a whole, last */
	return extent->backing == SMALT_BACKING_COPY || extent->backing == SMALT_BACKING_ZERO ||
	       extent->backing == SMALT_BACKING_PAD || is_read_in_place(space, extent);
}

/* The first row at or behind the extent's own with file bytes that end behind va, else NULL. */
static const struct smalt_row *row_behind(struct piece_cursor *cursor, uint64_t end)
{
	const struct space *space = cursor->space;

	for (; cursor->row < space->row_count; cursor->row++) {
		const struct smalt_row *row = &space->rows[cursor->row];

		if (row->va >= end)
			return NULL;
		if (row->va + row->file_bytes > cursor->va)
			return row;
	}
	return NULL;
}

static struct piece piece_at(struct piece_cursor *cursor, const struct smalt_extent *extent)
{
	uint64_t end = extent->va + extent->bytes;
	struct piece piece = { .to_pa = extent->pa + (cursor->va - extent->va),
	                       .bytes = end - cursor->va, .zero = true };
	const struct smalt_row *row = NULL;

	piece.trap = extent->backing == SMALT_BACKING_PAD && (extent->prot & SMALT_X);
	if (extent->backing != SMALT_BACKING_ZERO && extent->backing != SMALT_BACKING_PAD)
		row = row_behind(cursor, end);
	if (row != NULL && row->va > cursor->va) {
		piece.bytes = row->va - cursor->va;
	} else if (row != NULL) {
		piece.zero = false;
		piece.row = cursor->row;
		piece.row_offset = cursor->va - row->va;
		piece.bytes = min_u64(piece.bytes, row->file_bytes - piece.row_offset);
	}
	return piece;
}

bool piece_next(struct piece_cursor *cursor, struct piece *piece)
{
	const struct space *space = cursor->space;

	for (; cursor->extent < space->extent_count; cursor->extent++, cursor->in_extent = false) {
		const struct smalt_extent *extent = &space->extents[cursor->extent];

		if (!is_filled(space, extent))
			continue;
		if (!cursor->in_extent) {
			cursor->in_extent = true;
			cursor->va = extent->va;
			cursor->row = extent->row;
		}
		if (cursor->va == extent->va + extent->bytes)
			continue;
		*piece = piece_at(cursor, extent);
		cursor->va += piece->bytes;
		return true;
	}
	return false;
}

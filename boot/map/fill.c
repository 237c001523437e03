/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fill.c: the bytes of one object into its frames. Each byte is written once.
 */
#include <stddef.h>

#include "mem.h"
#include "piece.h"
#include "segments.h"

/* Where a row's bytes are: in an extent of its own, else in the object (S1). */
static const uint8_t *source_of(const struct planned *p, const struct piece *piece)
{
	const struct smalt_row *row = &p->filled.rows[piece->row];

	if (p->prepared != NULL) {
		const struct smalt_segment *segment = &p->prepared->segments[row->segment];
		uint64_t in_page = segment->va & (p->prepared->space->space.granule - 1);

		if (segment->flags & SMALT_SEGMENT_OWN)
			return segments_memory(p->prepared, segment) + in_page + piece->row_offset;
	}
	return p->object->bytes.base + row->file_offset + piece->row_offset;
}

void fill_rows(const struct smalt_space *space, const struct planned *p)
{
	struct piece_cursor cursor = { .space = &p->filled };
	struct piece piece;

	while (piece_next(&cursor, &piece)) {
		void *to = library_pointer(space, piece.to_pa);

		if (piece.zero)
			memset(to, 0, piece.bytes);
		else
			memcpy(to, source_of(p, &piece), piece.bytes);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pad.c: how far the tail of a row is filled up.
 *
 * Invariant: a pad lies in addresses that the row's object has claimed and no row has, so that
 * guards stay (M9, M14), and in the leaf that begins in the row: its frames are taken with the row's.
 */
#include "pad.h"

#include <stddef.h>

#include "align.h"
#include "wish.h"

uint64_t pad_next(const struct space *space, uint64_t bytes, uint64_t end, unsigned *index)
{
	while (*index > 1) {
		unsigned i = --*index;
		uint64_t leaf = leaf_bytes(space->format, i), tail = ((end - 1) & (leaf - 1)) + 1;

		if ((space->leaf_mask >> i & 1) && leaf <= space->tail_padding && tail <= bytes)
			return leaf - tail;
	}
	return 0;
}

/* Bytes of addresses behind the object whose place is known. */
static uint64_t free_bytes(const struct space *space, const struct place_request *request,
                           uint64_t bytes, uint64_t end)
{
	unsigned index = space->format->leaf_count;
	struct fault none;
	uint64_t pad;

	while ((pad = pad_next(space, bytes, end, &index)) != 0)
		if (space_free_at(space, end, pad, request->object_index, &none) == ST_OK)
			break;
	return pad;
}

/* Of an object that goes where there is room only the bits below the wish's alignment are known. */
static uint64_t wished_bytes(const struct space *space, const struct wish *wish, uint64_t bytes,
                             uint64_t end)
{
	unsigned index = space->format->leaf_count;
	uint64_t pad;

	while ((pad = pad_next(space, bytes, end, &index)) != 0)
		if (leaf_bytes(space->format, index) <= wish->align)
			break;
	return pad;
}

uint64_t pad_object(const struct space *space, const struct place_request *request,
                    const struct shape *shape)
{
	uint64_t end = shape->low + shape->bytes;
	uint64_t bytes = end - align_down(shape->segments[shape->count - 1].va, space->granule);
	bool whole = shape->flat && request->may_stay;   /* beside it lies what is not ours */
	struct wish wish;

	if (space->tail_padding == 0 || shape->padding != 0 || whole || bytes > UINT64_MAX / 2 ||
	    (request->flags & (PLACE_PHYSICAL | PLACE_RESERVED)))
		return 0;
	if (!shape->movable)
		return free_bytes(space, request, bytes, end);
	if (request->flags & PLACE_ADDRESS)
		return free_bytes(space, request, bytes, end + request->va -
		                  align_down(shape->segments[0].va, shape->align));
	wish = wish_make(space, request, shape);
	return wished_bytes(space, &wish, bytes, end + wish.phase);
}

void pad_claim(struct space *space, uint32_t first, uint32_t count, struct span owner)
{
	for (uint32_t at = first; at < first + count; at++) {
		const struct smalt_row *row = &space->rows[at];
		uint64_t end = space_end_page(space, row), bytes = end - space_first_page(space, row), pad;
		unsigned index = space->format->leaf_count;
		struct fault none;

		while (row->prot != 0 && (pad = pad_next(space, bytes, end, &index)) != 0)
			if (space_claim(space, end, pad, owner, row->object, &none) == ST_OK)
				break;
	}
}

bool pad_is_claimed(const struct space *space, uint32_t row, uint64_t va, uint64_t bytes)
{
	const struct smalt_row *behind = row + 1 < space->row_count ? &space->rows[row + 1] : NULL;

	if (behind != NULL && space_first_page(space, behind) < va + bytes)
		return false;
	return space_owns(space, va, bytes, space->rows[row].object);
}

/* There is memory for such a leaf, and it is not wasted. */
static bool is_worth(struct frames *frames, uint64_t leaf, uint64_t pad)
{
	uint64_t pa;

	return (pad <= leaf / 2 || pad <= frames->free.bytes / PAD_MEMORY_PART) &&
	       frames_find(frames, leaf, leaf, 0, &pa);
}

uint64_t pad_bytes(const struct space *space, struct frames *frames, uint32_t row, uint64_t start)
{
	uint64_t end = space_end_page(space, &space->rows[row]), pad;
	unsigned index = space->format->leaf_count;

	while ((pad = pad_next(space, end - start, end, &index)) != 0)
		if (is_worth(frames, leaf_bytes(space->format, index), pad) &&
		    pad_is_claimed(space, row, end, pad))
			return pad;
	return 0;
}

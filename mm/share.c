/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * share.c: the extents of another instance, from those of the first.
 *
 *     first      |copy|   in place   |copy|   in place   |copy|zero |
 *     rights     |       r-x              |         rw-             |
 *     another    |shr.|   shared     |shr.|        copy       |zero |
 *
 * Both lie at the same place in their pages, so pages of the one are pages of the other.
 */
#include "share.h"

#include <stddef.h>

#include "extent.h"
#include "pad.h"
#include "row.h"
#include "sort.h"
#include "stretch.h"

/* Does nobody write to these pages, the loader neither? */
static bool is_constant(const struct space *space, const struct share *of,
                        const struct smalt_extent *extent)
{
	const struct smalt_row *row = &space->rows[extent->row];
	const struct smalt_row *end = &space->rows[of->row] + of->row_count;

	for (; row < end && row->va < extent->va + extent->bytes; row++)
		if (row_is_written(row))
			return false;
	return true;
}

/* A piece of its own; one with the piece before it where both are of one kind. */
static enum status add_own(struct space *space, uint32_t first, const struct smalt_extent *extent,
                           struct fault *fault)
{
	struct smalt_extent *last = &space->extents[space->extent_count - 1];

	if (space->extent_count == first || last->pa != STRETCH_NO_PA || last->row != extent->row ||
	    last->backing != extent->backing || last->prot != extent->prot)
		return space_add_extent(space, extent, fault);
	last->bytes += extent->bytes;
	return ST_OK;
}

static enum status add_again(struct space *space, const struct share *of, uint32_t row,
                             struct fault *fault)
{
	uint64_t distance = space->rows[row].va - space->rows[of->row].va;
	uint32_t first = space->extent_count;
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && i < of->extent_count; i++) {
		struct smalt_extent *from = &space->extents[of->extent + i], extent = *from;

		extent.va += distance;
		extent.row += row - of->row;
		if (extent.backing == SMALT_BACKING_PAD &&
		    !pad_is_claimed(space, extent.row, extent.va, extent.bytes))
			continue;
		if (is_constant(space, of, from)) {
			extent.backing = SMALT_BACKING_SHARED;
			status = space_add_extent(space, &extent, fault);
			continue;
		}
		if (extent.backing == SMALT_BACKING_IN_PLACE)
			extent.backing = SMALT_BACKING_COPY;
		extent.pa = STRETCH_NO_PA;
		status = add_own(space, first, &extent, fault);
	}
	return status;
}

/* What the rows have in common is known; where they are, and what of them is shared, differs. */
static void set_flags(struct space *space, const struct share *of, uint32_t row, uint32_t first)
{
	static const uint32_t same = SMALT_ROW_SHARED_PAGE | SMALT_ROW_WX;

	for (uint32_t i = 0; i < of->row_count; i++)
		space->rows[row + i].flags |= space->rows[of->row + i].flags & same;
	for (; first < space->extent_count; first++)
		extent_flags(space, row + of->row_count, &space->extents[first]);
	for (uint32_t i = 0; i < of->row_count; i++)
		space->rows[of->row + i].flags |= space->rows[row + i].flags & SMALT_ROW_SHARED;
}

struct share share_of(struct space *space, uint32_t row, uint32_t count, uint32_t extent)
{
	struct share of = { row, count, extent, space->extent_count - extent, COLOR_ALL, 0, NULL };

	/* Where memory was in pieces, some stand behind all others. */
	sort_entries(&space->extents[extent], of.extent_count, sizeof(*space->extents));
	return of;
}

/* Frames for those of extents [first, end) that are its own. */
static enum status take(struct space *space, const struct share *of, uint32_t first,
                        struct frames *frames, struct fault *fault)
{
	uint32_t end = space->extent_count;
	enum status status = ST_OK;

	for (uint32_t i = first, next; status == ST_OK && i < end; i = next) {
		struct stretch s;

		next = i + 1;
		if (space->extents[i].backing == SMALT_BACKING_SHARED)
			continue;
		s = stretch_of(space, frames, i, end, &next);
		s.draw = of->draw;
		s.turn = of->turn;
		s.color_mask = of->color_mask;
		status = stretch_take(&s, fault);
	}
	return status;
}

enum status share_object(struct space *space, const struct share *of, uint32_t row,
                         struct frames *frames, struct fault *fault)
{
	uint32_t first = space->extent_count;
	enum status status = add_again(space, of, row, fault);

	if (status == ST_OK)
		status = take(space, of, first, frames, fault);
	if (status == ST_OK)
		set_flags(space, of, row, first);
	return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.c: the rows of an address space, and the extents behind them.
 *
 * Invariant: rows ascend, and an extent names its row whatever is inserted.
 */
#include "space.h"

#include <stddef.h>

#include "sort.h"

enum { OWN_CLAIMS = 96 };        /* of Smalt's own, and the direct map */

#define ROWS_MOST (UINT32_MAX / 2)       /* rows and claims have indexes of 32 bits */

enum status space_init(struct space *space, const struct machine *machine, uint32_t leaf_mask,
                       uint32_t row_capacity, uint32_t extent_capacity, struct arena *arena,
                       struct fault *fault)
{
	uint64_t claims = (uint64_t)row_capacity + OWN_CLAIMS;
	struct space made = {
		.machine = machine, .format = machine->format, .leaf_mask = leaf_mask,
		.granule = 1ull << machine->format->granule_shift,
		.row_capacity = row_capacity, .extent_capacity = extent_capacity,
	};

	if (claims > ROWS_MOST)
		return fault_set(fault, ST_NO_MEMORY, "rows", row_capacity, ROWS_MOST - OWN_CLAIMS);
	made.rows = arena_take(arena, row_capacity, sizeof(*made.rows), "rows", fault);
	if (made.rows == NULL)
		return fault->status;
	if (space_claim_init(&made, (uint32_t)claims, arena, fault) != ST_OK)
		return fault->status;
	made.extents = arena_take(arena, extent_capacity, sizeof(*made.extents), "extents", fault);
	if (made.extents == NULL)
		return fault->status;
	*space = made;
	return ST_OK;
}

/* How many of the rows begin below va. */
static uint32_t count_below(const struct smalt_row *rows, uint32_t count, uint64_t va)
{
	uint32_t low = 0;

	while (low < count) {
		uint32_t middle = low + (count - low) / 2;

		if (rows[middle].va < va)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

enum status space_add_rows(struct space *space, const struct smalt_row *rows, uint32_t count,
                           struct fault *fault)
{
	uint32_t old = space->row_count, at;

	if (count > space->row_capacity - old)
		return fault_set(fault, ST_NO_MEMORY, "rows", (uint64_t)old + count,
		                 space->row_capacity);
	for (uint32_t i = 0; i < space->extent_count; i++) {
		struct smalt_extent *extent = &space->extents[i];

		extent->row += count_below(rows, count, space->rows[extent->row].va);
	}
	/* Both lists ascend: merged from the end, so that nothing is overwritten unread */
	space->row_count = at = old + count;
	while (count > 0) {
		if (old > 0 && space->rows[old - 1].va > rows[count - 1].va)
			space->rows[--at] = space->rows[--old];
		else
			space->rows[--at] = rows[--count];
	}
	return ST_OK;
}

enum status space_add_extent(struct space *space, const struct smalt_extent *extent,
                             struct fault *fault)
{
	if (space->extent_count == space->extent_capacity)
		return fault_set(fault, ST_NO_MEMORY, "extents", (uint64_t)space->extent_count + 1,
		                 space->extent_capacity);
	space->extents[space->extent_count++] = *extent;
	return ST_OK;
}

void space_sort_extents(struct space *space)
{
	sort_entries(space->extents, space->extent_count, sizeof(*space->extents));
}

const struct smalt_extent *space_extent_at(const struct space *space, uint64_t va)
{
	uint32_t low = 0, high = space->extent_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct smalt_extent *extent = &space->extents[middle];

		if (va < extent->va)
			high = middle;
		else if (va - extent->va >= extent->bytes)
			low = middle + 1;
		else
			return extent;
	}
	return NULL;
}

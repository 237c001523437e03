/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.c: the rows of an address space, and the extents behind them.
 *
 * Invariant: an extent names its row, whatever is added and sorted.
 */
#include "space.h"

#include <stddef.h>

#include "mem.h"
#include "sort.h"

enum { OWN_CLAIMS = 96 };        /* of Smalt's own, and the direct map */

#define ROWS_MOST (UINT32_MAX / 2)       /* rows and claims have indexes of 32 bits */

enum status space_init(struct space *space, struct paging paging, uint32_t row_capacity,
                       uint32_t extent_capacity, struct arena *arena, struct fault *fault)
{
	uint64_t claims = (uint64_t)row_capacity + OWN_CLAIMS;
	struct space made = {
		.machine = paging.machine, .format = paging.format, .leaf_mask = paging.leaf_mask,
		.granule = 1ull << paging.format->granule_shift,
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

enum status space_add_rows(struct space *space, const struct smalt_row *rows, uint32_t count,
                           struct fault *fault)
{
	if (count > space->row_capacity - space->row_count)
		return fault_set(fault, ST_NO_MEMORY, "rows", (uint64_t)space->row_count + count,
		                 space->row_capacity);
	memcpy(space->rows + space->row_count, rows, count * sizeof(*rows));
	space->row_count += count;
	return ST_OK;
}

/* What space_leaves() fills serves until then: why for the index of before, leaf_shift, there, for that of now. */
void space_sort_rows(struct space *space)
{
	struct smalt_row *rows = space->rows;

	for (uint32_t i = 0; i < space->row_count; i++)
		rows[i].why = i;
	sort_entries(rows, space->row_count, sizeof(*rows));
	for (uint32_t i = 0; i < space->row_count; i++)
		rows[rows[i].why].leaf_shift = i;
	for (uint32_t i = 0; i < space->extent_count; i++)
		space->extents[i].row = rows[space->extents[i].row].leaf_shift;
	for (uint32_t i = 0; i < space->row_count; i++)
		rows[i].why = rows[i].leaf_shift = 0;
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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * physical.c: checks rows at p_paddr. Their bounds hold; rights, guards, canonical
 * addresses and the entry are the foreign protocol's own business (requirements M19, M21).
 */
#include "physical.h"

#include "align.h"

static enum status check_bounds(const struct space *space, const struct segment *segment,
                                struct fault *fault)
{
	uint64_t last = space->format->pa_mask | (space->granule - 1);

	if (range_wraps(segment->pa, segment->mem_bytes))
		(void)fault_set(fault, ST_OVERFLOW, "p_memsz", segment->mem_bytes,
		                UINT64_MAX - segment->pa);
	else if (segment->pa + (segment->mem_bytes - 1) > last)
		(void)fault_set(fault, ST_NO_ADDRESS, "p_paddr + p_memsz - 1",
		                segment->pa + (segment->mem_bytes - 1), last);
	else
		return ST_OK;
	return fault_segment(fault, segment->index);
}

static bool overlap(const struct segment *a, const struct segment *b)
{
	return a->pa < b->pa ? b->pa - a->pa < a->mem_bytes : a->pa - b->pa < b->mem_bytes;
}

/*
 * Does segment i overlap one before it? They are disjoint, and top is the highest of them:
 * above it only it can reach. Files list segments in ascending pa nearly always; what is
 * out of order is compared with all, since pure code has no room to sort.
 */
static bool overlaps_before(const struct shape *shape, uint32_t i, const struct segment *top)
{
	const struct segment *segment = &shape->segments[i];

	if (segment->pa > top->pa)
		return overlap(top, segment);
	for (uint32_t before = 0; before < i; before++)
		if (overlap(&shape->segments[before], segment))
			return true;
	return false;
}

static enum status check_overlap(const struct shape *shape, struct fault *fault)
{
	const struct segment *top = &shape->segments[0];

	for (uint32_t i = 1; i < shape->count; i++) {
		const struct segment *segment = &shape->segments[i];

		if (overlaps_before(shape, i, top)) {
			(void)fault_value(fault, ST_OVERLAP, "p_paddr", segment->pa);
			return fault_segment(fault, segment->index);
		}
		if (segment->pa > top->pa)
			top = segment;
	}
	return ST_OK;
}

enum status physical_check(const struct space *space, const struct shape *shape,
                           struct fault *fault)
{
	for (uint32_t i = 0; i < shape->count; i++) {
		enum status status = check_bounds(space, &shape->segments[i], fault);

		if (status != ST_OK)
			return status;
	}
	return check_overlap(shape, fault);
}

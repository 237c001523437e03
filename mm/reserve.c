/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reserve.c: addresses that were kept free for one object, and nothing else.
 *
 * A reserve needs no guards: around it lie its owner's own addresses.
 */
#include "reserve.h"

#include <stddef.h>

#include "align.h"

/* Whole granules of [va, va + bytes), which does not wrap. */
static bool holds(const struct reserve *reserve, uint64_t granule, uint64_t va, uint64_t bytes)
{
	uint64_t first = align_down(va, granule), last = (va + (bytes - 1)) | (granule - 1);

	return first >= reserve->va &&
	       range_fits(first - reserve->va, last - first + 1, reserve->bytes);
}

enum status reserve_free_at(const struct space *space, const struct place_request *request,
                            uint64_t va, uint64_t bytes, struct fault *fault)
{
	enum status status;

	if (!(request->flags & PLACE_RESERVED))
		return space_free_at(space, va, bytes, SMALT_NONE, fault);
	for (uint32_t i = 0; bytes != 0 && !range_wraps(va, bytes - 1) && i < request->reserve_count; i++)
		if (holds(&request->reserves[i], space->granule, va, bytes))
			return ST_OK;
	status = space_free_at(space, va, bytes, SMALT_NONE, fault);
	return status != ST_OK ? status
	                       : fault_value(fault, ST_NO_ADDRESS, "address in no reservation", va);
}

/* The lowest of the reserve, if it is below *best. */
static void look_in(const struct reserve *reserve, const struct space *space, uint64_t from,
                    const struct reserve *wanted, uint64_t align, uint64_t *best)
{
	uint64_t va = align_phase(max_u64(from, reserve->va), align, wanted->va);

	if (va >= reserve->va && va >= from && va < *best && !range_wraps(va, wanted->bytes - 1) &&
	    holds(reserve, space->granule, va, wanted->bytes))
		*best = va;
}

enum status reserve_find(const struct space *space, const struct place_request *request,
                         uint64_t bytes, uint64_t align, uint64_t phase, uint64_t *va,
                         struct fault *fault)
{
	struct reserve wanted = { phase, bytes };
	uint64_t best = UINT64_MAX, largest = 0;

	if (!(request->flags & PLACE_RESERVED))
		return space_find(space, request->from, bytes, align, phase, va, fault);
	for (uint32_t i = 0; i < request->reserve_count; i++) {
		look_in(&request->reserves[i], space, request->from, &wanted, align, &best);
		largest = max_u64(largest, request->reserves[i].bytes);
	}
	if (best == UINT64_MAX)
		return fault_set(fault, ST_NO_ADDRESS, "virtual bytes in a reservation", bytes, largest);
	*va = best;
	return ST_OK;
}

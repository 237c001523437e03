/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space_slots.c: the places between claims.
 */
#include "align.h"
#include "space.h"

/* In free addresses [low, high] only. */
static uint64_t count_in(struct slots slots, uint64_t low, uint64_t high, uint64_t index, uint64_t *va)
{
	slots.first = low;
	slots.last = high;
	return slots_all(&slots, index, va);
}

uint64_t space_slots(const struct space *space, const struct slots *slots, uint64_t index,
                     uint64_t *va)
{
	uint64_t guard = space->granule, low = slots->first, count = 0;

	for (uint32_t i = 0; i < space->claim_count && low <= slots->last; i++) {
		const struct claim *claim = &space->claims[i];

		if (claim->last < low && low - claim->last > guard)
			continue;
		if (claim->first > guard && claim->first - guard > low)
			count += count_in(*slots, low, min_u64(claim->first - guard - 1, slots->last),
			                  index - count, va);
		if (claim->last >= slots->last - guard)
			return count;
		low = claim->last + 1 + guard;
	}
	return count + count_in(*slots, low, slots->last, index - count, va);
}

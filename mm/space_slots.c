/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space_slots.c: counts the free places of an object, so that one can be drawn that
 * nobody prefers (requirements M13).
 */
#include "align.h"
#include "space.h"

/* Counts the slots in free addresses [low, high], and finds the one of this index, which may be far behind. */
static uint64_t count_in(const struct slots *slots, uint64_t low, uint64_t high, uint64_t index,
                         uint64_t *va)
{
	uint64_t lowest = align_phase(low, slots->align, slots->phase), count;

	if (lowest < low || lowest > high || slots->bytes - 1 > high - lowest)
		return 0;
	count = (high - lowest - (slots->bytes - 1)) / slots->align + 1;
	if (index < count)
		*va = lowest + index * slots->align;
	return count;
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
			count += count_in(slots, low, min_u64(claim->first - guard - 1, slots->last),
			                  index - count, va);
		if (claim->last >= slots->last - guard)
			return count;
		low = claim->last + 1 + guard;
	}
	return count + count_in(slots, low, slots->last, index - count, va);
}

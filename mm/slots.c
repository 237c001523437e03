/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slots.c: counts free places, so that one can be drawn that nobody prefers (requirements M13).
 */
#include "slots.h"

#include "align.h"

uint64_t slots_all(const struct slots *slots, uint64_t index, uint64_t *address)
{
	uint64_t lowest = align_phase(slots->first, slots->align, slots->phase), count;

	if (lowest < slots->first || lowest > slots->last || slots->bytes - 1 > slots->last - lowest)
		return 0;
	count = (slots->last - lowest - (slots->bytes - 1)) / slots->align + 1;
	if (index < count)
		*address = lowest + index * slots->align;
	return count;
}

/* An index behind one range wraps to a large one behind it: no more is found. */
uint64_t slots_free(const struct slots *slots, const struct ranges *free, uint64_t index,
                    uint64_t *address)
{
	uint64_t count = 0, from = slots->first;

	for (uint32_t at; (at = ranges_behind(free, from)) != 0; from = free->nodes[at].end) {
		struct slots piece = *slots;

		if (free->nodes[at].start > slots->last)
			break;
		piece.first = max_u64(slots->first, free->nodes[at].start);
		piece.last = min_u64(slots->last, free->nodes[at].end - 1);
		count += slots_all(&piece, index - count, address);
	}
	return count;
}

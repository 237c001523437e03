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

/* In a part of the tree. An index behind one range wraps to a large one behind it: no more is found. */
static uint64_t count_below(const struct slots *slots, const struct ranges *free, uint32_t at,
                            uint64_t index, uint64_t *address)
{
	const struct ranges_node *node = &free->nodes[at];
	struct slots piece = *slots;
	uint64_t count = 0;

	if (node->largest < slots->bytes)        /* also below what is no node */
		return 0;
	piece.first = max_u64(slots->first, node->start);
	piece.last = min_u64(slots->last, node->end - 1);
	if (node->start > slots->first)
		count = count_below(slots, free, node->left, index, address);
	if (piece.first <= piece.last)
		count += slots_all(&piece, index - count, address);
	if (node->end <= slots->last)
		count += count_below(slots, free, node->right, index - count, address);
	return count;
}

uint64_t slots_free(const struct slots *slots, const struct ranges *free, uint64_t index,
                    uint64_t *address)
{
	return free->root == 0 ? 0 : count_below(slots, free, free->root, index, address);
}
